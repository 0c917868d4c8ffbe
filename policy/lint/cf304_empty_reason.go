package lint

import (
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`(?i)\b(todo|fixme|tbd|xxx|because|later|temporary fix|n/a)\b`)

var emptyReason = Rule{
	Code:     "CF304",
	Severity: Warning,
	Title:    "the reason of an exception says nothing",
	Why: `Whoever renews the exception has only its reason to judge by. One or two words, or a word that stands for a
reason that is still to come, leave nothing to judge.`,
	Instead: "Say what makes the weaker enforcement bearable here, and what would end it.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
map = ["/usr/lib"]

[[accept]]
backend = "gvisor"
clause  = "filesystem.map"
reason  = "TODO"
until   = 2027-11-30
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
		var found []Found
		for _, a := range s.Policy.Accept {
			if words := strings.Fields(a.Reason); len(words) < 3 || len(words) < 6 && placeholder.MatchString(a.Reason) {
				found = append(found, Found{At: a.At, Message: "the reason of the exception for " + a.Clause + " says nothing"})
			}
		}
		return found
	},
}
