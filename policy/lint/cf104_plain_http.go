package lint

import "confine/policy"

// plainHTTP is the port of HTTP without TLS.
const plainHTTP = 80

var plainPort = Rule{
	Code:     "CF104",
	Severity: Warning,
	Title:    "a host is reached without encryption",
	Why: `Port 80 is HTTP without TLS. Whoever is on the way reads the credentials of the connector and the records, and can
change them; the name of the host proves nothing, because nobody has to show a certificate.`,
	Instead: "Name port 443. A redirect from port 80 is not needed by a client that begins with https.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:80\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			if e.Port != plainHTTP {
				continue
			}
			f := Found{At: e.At, Message: e.Host + " is reached by HTTP without TLS"}
			if _, metadata := metadataOf(e); !metadata { // no port makes that one right
				tls := e
				tls.Port = 443
				f.Hint = quote(tls.String())
			}
			found = append(found, f)
		}
		return found
	},
}

// reached gives the entries of network.egress where they count.
func reached(s *Subject) []policy.EgressEntry {
	if s.Policy.Network.Mode != policy.NetworkEgress {
		return nil
	}
	return s.Policy.Network.Egress
}
