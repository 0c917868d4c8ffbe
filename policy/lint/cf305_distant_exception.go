package lint

import "time"

var distantException = Rule{
	Code:     "CF305",
	Severity: Warning,
	Title:    "an exception holds too long",
	Why: `The date is there so that somebody looks at the reason again. Engines, kernels and connectors change in less time
than that, and an exception that outlives who wrote it is a setting.`,
	Instead: "Choose a day within the next two years.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
map = ["/usr/lib"]

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "what lies in /usr/lib is Debian's own, and read-only"
until   = 2099-12-31
`},
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
		latest := day(s.Today).AddDate(2, 0, 0)
		var found []Found
		for _, a := range s.Policy.Accept {
			if a.Until.After(latest) {
				found = append(found, Found{
					At: a.UntilAt, Message: "the exception for " + a.Clause + " under " + a.Backend + " holds too long",
					Hint: "until = " + latest.Format(time.DateOnly),
				})
			}
		}
		return found
	},
}
