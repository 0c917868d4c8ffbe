package lint

import "time"

var expiredException = Rule{
	Code:     "CF301",
	Severity: Error,
	Title:    "an exception is past its date",
	Why: `An ` + "`[[accept]]`" + ` says until when a weaker enforcement is agreed to. After that day compile and run refuse the
policy under that backend: an agreement that nobody renews is none.`,
	Instead: "Look at the reason again. Renew the date if it still holds, or remove the exception.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "what lies in /usr/lib is Debian's own"
until   = 2025-01-31
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
map = ["/usr/lib"]

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "what lies in /usr/lib is Debian's own"
until   = 2027-11-30
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, a := range s.Policy.Accept {
			if day(s.Today).After(a.Until) {
				found = append(found, Found{
					At: a.UntilAt, Message: "the exception for " + a.Clause + " under " + a.Backend + " is past its date",
					Notes: []string{"today      " + s.Today.UTC().Format(time.DateOnly)},
				})
			}
		}
		return found
	},
}

// day is the midnight of a day in UTC, as [[accept]] has it.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
