package lint

import (
	"fmt"
	"time"
)

// notice is how long before its end an exception is told.
const notice = 30 * 24 * time.Hour

var endingException = Rule{
	Code:     "CF302",
	Severity: Info,
	Title:    "an exception ends within 30 days",
	Why:      "After its last day compile and run refuse the policy under that backend, connectors that run today included.",
	Instead:  "Look at the reason again while there is time: renew the date, or make the exception unnecessary.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "what lies in /usr/lib is Debian's own"
until   = 2026-12-10
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "what lies in /usr/lib is Debian's own"
until   = 2027-11-30
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, a := range s.Policy.Accept {
			left := a.Until.Sub(day(s.Today))
			if left >= 0 && left <= notice {
				found = append(found, Found{
					At:      a.UntilAt,
					Message: fmt.Sprintf("the exception for %s under %s holds %d more days", a.Clause, a.Backend, int(left.Hours())/24),
				})
			}
		}
		return found
	},
}
