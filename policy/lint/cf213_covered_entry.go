package lint

import (
	"fmt"
	"slices"
	"strings"

	"confine/policy"
)

var coveredEntry = Rule{
	Code:     "CF213",
	Severity: Info,
	Title:    "the entry above already says the same",
	Why: `The entry allows nothing that the directory above does not. It reads as if this path alone were meant, and whoever takes
it out to forbid the path forbids nothing. Without a ` + "`?`" + ` it has one effect: a launch is refused where the path is missing.`,
	Instead: "Remove it, or name in place of the directory above what is really needed there.",
	Bad: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/srv/acme\", \"/srv/acme/catalog.json?\"]\n",
		Fixed:  "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/srv/acme\"]\n",
	},
	Good: Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread  = [\"/srv/acme\"]\nwrite = [\"/srv/acme/state\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range visible(s) {
			above, ok := policy.Covering(s.Policy.Filesystem.Entries, e.Path)
			// The gateway puts its own content into the files that read names.
			shown := slices.Contains([]string{"/etc/resolv.conf", "/etc/hosts"}, e.Path)
			if !ok || above.Mode != e.Mode || shown || strings.Contains(e.Path, "${") || !s.own(e.At) && s.own(above.At) {
				continue
			}
			f := Found{
				At: e.At, Message: fmt.Sprintf("%s %s is covered by %s", e.Mode, quote(e.Path), quote(above.Path)),
				Notes: []string{"covered by  " + above.At.String()}, Remove: e.Optional,
			}
			if !e.Optional {
				f.Notes = append(f.Notes, "without a \"?\" it only refuses a launch where the path is missing")
			}
			found = append(found, f)
		}
		return found
	},
}
