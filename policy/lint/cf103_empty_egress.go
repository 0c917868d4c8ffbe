package lint

import "confine/policy"

var emptyEgress = Rule{
	Code:     "CF103",
	Severity: Warning,
	Title:    `mode "egress" without a host`,
	Why: `Nothing can be reached, as with mode "none", and the list that would say so is not there: a reader cannot tell
whether it was forgotten.`,
	Instead: `Name the hosts, or write mode "none". A base that leaves the hosts to others leaves the mode to them too.`,
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode = \"egress\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		n := s.Policy.Network
		if n.Mode != policy.NetworkEgress || len(n.Egress) > 0 {
			return nil
		}
		return []Found{{
			At: n.At, Message: `mode = "egress" and no host: nothing can be reached`,
			Hint: `egress = ["api.example.com:443"]`,
		}}
	},
}
