package lint

var refusedByOne = Rule{
	Code:     "CF311",
	Severity: Info,
	Title:    "one backend does not take the policy",
	Why: `Another backend enforces all of it, so it can be run where that one is. ` + "`--backend auto`" + ` passes over the one that
refuses, and says so.`,
	Instead: "Leave it if the policy is meant for one engine; else change what the other refuses, or sign for it.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nmap = [\"/usr/lib\"]\n"},
	Good: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
map = ["/usr/lib"]

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "what lies in /usr/lib is Debian's own, and read-only"
until   = 2027-11-30
`},
	check: func(s *Subject) []Found {
		var found []Found
		taken := false
		for _, e := range s.Enforcement {
			taken = taken || len(e.Refusals) == 0
			for _, r := range e.Refusals {
				found = append(found, r.found(e.Backend))
			}
		}
		if !taken {
			return nil // that is an error of its own
		}
		return found
	},
}
