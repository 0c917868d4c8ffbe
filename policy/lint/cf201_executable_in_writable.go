package lint

import (
	"fmt"

	"confine/policy"
)

var executableInWritable = Rule{
	Code:     "CF201",
	Severity: Warning,
	Title:    "executable code lies in a directory that the program can write",
	Why: `The code itself cannot be written. But its name belongs to the directory above: who may write that may rename what is
there and make something else of the same name, wherever the backend keeps nothing mounted on it. What was put there
the next launch executes.`,
	Instead: "Keep what is written in a directory of its own, beside the code and not above it.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/srv/acme\"]\nexec  = [\"/srv/acme/bin\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/srv/acme/data\"]\nexec  = [\"/srv/acme/bin\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		written := s.entries(policy.ModeWrite)
		for _, e := range s.entries(policy.ModeExec, policy.ModeMap) {
			if above, ok := policy.Covering(written, e.Path); ok {
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("%s lies in %s, which can be written", quote(e.Path), quote(above.Path)),
					Notes: []string{fmt.Sprintf("writable by %s  write = [%s]", above.At, quote(above.Path))},
				})
			}
		}
		return found
	},
}
