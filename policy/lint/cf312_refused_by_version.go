package lint

var refusedByVersion = Rule{
	Code:     "CF312",
	Severity: Info,
	Title:    "some releases of a backend do not take the policy",
	Why: `confine knows for each release of firejail and runsc what it enforces. A policy that compiles for the release of
Debian 12 can be refused where another one is installed, and the launch is then refused too.`,
	Instead: "Change what these releases refuse, or see to it that connectors run where another one is installed.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr/bin/bwrap\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr/bin/python3.11\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.Enforcement {
			if len(e.Refusals) > 0 {
				continue // the release that is compiled for refuses it too
			}
			for _, r := range e.Elsewhere {
				f := r.found(e.Backend)
				f.Notes = append([]string{"releases  " + e.Backend + " " + r.Versions}, f.Notes...)
				found = append(found, f)
			}
		}
		return found
	},
}
