package lint

import "confine/policy"

var idleEgress = Rule{
	Code:     "CF102",
	Severity: Error,
	Title:    "hosts are listed, and the mode reaches none",
	Why: `` + "`network.egress`" + ` counts in mode "egress" alone, and the mode is "none" where nothing else is said. Whoever reads the
list believes that it decides; the program reaches nothing, and whoever repairs that in a
hurry writes mode "host".`,
	Instead: `Write mode "egress" beside the list, or remove the list.`,
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\negress = [\"api.acme.com:443\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		n := s.Policy.Network
		if n.Mode != policy.NetworkNone {
			return nil
		}
		for _, e := range n.Egress {
			if !s.own(e.At) && !n.At.IsZero() {
				continue // who extends a policy may turn its network off
			}
			note := "no mode is stated, which is \"none\""
			if !n.At.IsZero() {
				note = "mode = \"none\" is stated at " + n.At.String()
			}
			return []Found{{
				At: e.At, Message: "network.egress allows nothing: the mode is \"none\"",
				Notes: []string{note}, Hint: `mode = "egress"`,
			}}
		}
		return nil
	},
}
