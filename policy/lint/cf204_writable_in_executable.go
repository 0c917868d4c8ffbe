package lint

import (
	"fmt"

	"confine/policy"
)

var writableInExecutable = Rule{
	Code:     "CF204",
	Severity: Warning,
	Title:    "a writable path lies inside an executable one",
	Why: `What is written there cannot be executed as a program. But it lies where an interpreter looks for its modules, and to
an interpreter code is a file that it reads: the program could replace code that it imports later, or at its next
launch.`,
	Instead: "Write into a directory that lies beside the code.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
map   = ["/srv/acme/app"]
write = ["/srv/acme/app/plugins"]
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
map   = ["/srv/acme/app"]
write = ["/srv/acme/data"]
`},
	check: func(s *Subject) []Found {
		var found []Found
		code := s.entries(policy.ModeExec, policy.ModeMap)
		for _, e := range s.entries(policy.ModeWrite) {
			above, ok := policy.Covering(code, e.Path)
			if _, known := holdsCode(e.Path); !ok || known {
				continue // a directory of code by its name is an error of its own
			}
			verb := "executable"
			if above.Mode == policy.ModeMap {
				verb = "mapped executable"
			}
			found = append(found, Found{
				At: e.At, Message: quote(e.Path) + " can be written, and lies in code",
				Notes: []string{
					fmt.Sprintf("%s by %s  %s = [%s]", verb, above.At, above.Mode, quote(above.Path)),
					"the program could replace code that it later imports",
				},
			})
		}
		return found
	},
}
