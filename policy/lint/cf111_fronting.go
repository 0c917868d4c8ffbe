package lint

import "confine/policy"

var fronting = Rule{
	Code:     "CF111",
	Severity: Warning,
	Title:    "a connection may name another host than the one it was opened to",
	Why: `Large networks serve many customers at one address, and choose by the name in the first bytes. With fronting = "allow"
the program opens a connection to an allowed host of such a network and names another customer in it: the list of
hosts then ends at the network's front door.`,
	Instead: "Leave it out: it is \"deny\". What speaks neither TLS on port 443 nor HTTP on port 80 is not concerned.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode     = \"egress\"\negress   = [\"cdn.acme.com:443\"]\nfronting = \"allow\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"cdn.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		n := s.Policy.Network
		if n.Mode != policy.NetworkEgress || n.Fronting != policy.FrontingAllow {
			return nil
		}
		return []Found{{
			At: n.FrontingAt, Message: `fronting = "allow" lets a connection name another host`, Hint: `fronting = "deny"`,
		}}
	},
}
