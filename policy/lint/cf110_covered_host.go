package lint

import (
	"strings"

	"confine/policy"
)

var coveredHost = Rule{
	Code:     "CF110",
	Severity: Warning,
	Title:    "a wildcard already covers the host",
	Why: `The entry allows nothing that the wildcard does not. It reads as if this host alone were meant, and whoever takes it
out to forbid the host forbids nothing.`,
	Instead: "Remove the entry, or better the wildcard.",
	Bad: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"*.acme.com:443\", \"api.acme.com:443\"]\n",
		Fixed:  "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"*.acme.com:443\"]\n",
	},
	Good: Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"*.acme.com:443\", \"acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			for _, wildcard := range s.Policy.Network.Egress {
				// Of what a base names nobody can take out what an own wildcard covers.
				if e.Host == wildcard.Host || e.Port != wildcard.Port || !isWildcard(wildcard) || !wildcard.MatchesHost(e.Host) || !s.own(e.At) && s.own(wildcard.At) {
					continue
				}
				found = append(found, Found{
					At: e.At, Message: e.String() + " is covered by " + wildcard.String(),
					Notes: []string{"covered by  " + wildcard.At.String()}, Remove: !strings.Contains(e.Host, "${"),
				})
				break
			}
		}
		return found
	},
}

func isWildcard(e policy.EgressEntry) bool { return strings.HasPrefix(e.Host, "*.") }
