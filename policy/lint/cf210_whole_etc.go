package lint

import "confine/policy"

var wholeEtc = Rule{
	Code:     "CF210",
	Severity: Warning,
	Title:    "/etc is readable as a whole",
	Why: `/etc holds the settings of everything that is installed, credentials among them, and tells an attacker what else runs
here. A program needs a handful of its files.`,
	Instead: "Extend `connector`, or name the files that it names, each with a `?`.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc\"]\n"},
	Good: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
read = ["/etc/ssl/certs?", "/etc/passwd?", "/etc/resolv.conf?"]
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.entries(policy.ModeRead, policy.ModeMap, policy.ModeExec) {
			if e.Path == "/etc" {
				found = append(found, Found{
					At: e.At, Message: "the settings of everything that is installed can be read",
					Hint: `read = ["/etc/ssl/certs?", "/etc/passwd?", "/etc/resolv.conf?"]`,
				})
			}
		}
		return found
	},
}
