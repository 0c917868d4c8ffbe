package lint

var unusedException = Rule{
	Code:     "CF303",
	Severity: Warning,
	Title:    "an exception that the backend does not need",
	Why: `The backend enforces that clause in full for this policy, so the exception allows nothing today, and would
silently allow something as soon as the policy or the backend changes.`,
	Instead: "Remove it.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "what lies in /usr/lib is Debian's own"
until   = 2027-11-30
`},
	Good: Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.Enforcement {
			for _, a := range e.Unused {
				found = append(found, Found{At: a.At, Message: e.Backend + " enforces " + a.Clause + " in full: the exception is not needed"})
			}
		}
		return found
	},
}
