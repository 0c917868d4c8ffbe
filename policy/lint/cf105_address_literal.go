package lint

import "confine/policy"

var addressLiteral = Rule{
	Code:     "CF105",
	Severity: Warning,
	Title:    "a public address is named in place of a host",
	Why: `An address says nothing of whose it is, and clouds give the same address to somebody else tomorrow. A TLS client
that connects to an address sends no server name and has to leave the certificate's name unchecked, unless the
certificate holds the address.`,
	Instead: "Name the host. confine resolves it at every connection, and refuses addresses of private networks.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"203.0.113.7:443\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			ip, literal := e.Address()
			if !literal {
				continue
			}
			// A private address belongs to whoever wrote network.private.
			if _, special := policy.SpecialAddress(ip); !special {
				found = append(found, Found{At: e.At, Message: e.Host + " is an address: nothing says whose it is", Hint: "name the host that has it"})
			}
		}
		return found
	},
}
