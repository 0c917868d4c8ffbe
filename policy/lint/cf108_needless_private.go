package lint

import (
	"fmt"

	"confine/policy"
)

var needlessPrivate = Rule{
	Code:     "CF108",
	Severity: Info,
	Title:    "a private network is opened that no host needs",
	Why: `` + "`network.private`" + ` says where an allowed name may resolve to, and which private addresses may be named. Where no
entry is a name, or none is an address in that network, it allows nothing today, and begins to when somebody adds a
host.`,
	Instead: "Remove it.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode    = "egress"
egress  = ["203.0.113.7:443"]
private = ["10.20.7.0/24"]
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[network]
mode    = "egress"
egress  = ["10.20.7.4:5432"]
private = ["10.20.7.0/24"]
`},
	check: func(s *Subject) []Found {
		n := s.Policy.Network
		var found []Found
		for _, private := range n.Private {
			hint := s.takeOut(private.At, "network", "private", private.Prefix.String())
			switch {
			case n.Mode == policy.NetworkNone && s.own(private.At):
				found = append(found, Found{At: private.At, Message: fmt.Sprintf("%s is opened, and the mode is \"none\"", private.Prefix), Hint: hint})
			case n.Mode == policy.NetworkEgress && !needed(private, n.Egress):
				found = append(found, Found{At: private.At, Message: fmt.Sprintf("%s is opened, and no host can lead there", private.Prefix), Hint: hint})
			}
		}
		return found
	},
}

// needed reports whether an entry of network.egress can lead into a private network. Every
// name can: its DNS decides.
func needed(private policy.PrivateNetwork, egress []policy.EgressEntry) bool {
	for _, e := range egress {
		if ip, literal := e.Address(); !literal || private.Prefix.Contains(ip) {
			return true
		}
	}
	return false
}
