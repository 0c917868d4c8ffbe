package lint

import (
	"fmt"

	"confine/policy"
)

var sharedTmp = Rule{
	Code:     "CF215",
	Severity: Error,
	Title:    "the machine's temporary directory is shared with the program",
	Why: `Everybody on the machine writes into it. The program sees names and files of other users and of other connectors, can
wait for them with links and files of its own, and leaves copies of its configuration and records behind.`,
	Instead: "Write `tmp`: the program gets a directory of its own at the same place, empty, and gone afterwards.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/tmp\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\ntmp = [\"/tmp\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range visible(s) {
			for _, dir := range []string{"/tmp", "/var/tmp"} {
				if !within(e.Path, dir) {
					continue
				}
				f := Found{
					At: e.At, Message: fmt.Sprintf("%s is the machine's: everybody writes there", quote(e.Path)),
					Hint: fmt.Sprintf("write tmp = [%s], and take it out of write", quote(e.Path)),
				}
				if e.Path != dir {
					f.Message = fmt.Sprintf("%s lies in %s, where everybody can make it first", quote(e.Path), dir)
				}
				if e.Mode != policy.ModeWrite {
					f.Hint = ""
				}
				found = append(found, f)
			}
		}
		return found
	},
}
