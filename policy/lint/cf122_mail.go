package lint

import (
	"fmt"
	"slices"
)

var mailPort = Rule{
	Code:     "CF122",
	Severity: Warning,
	Title:    "mail can be sent",
	Why: `A mail server passes on what it gets to whoever the letter names: one host is allowed, and data leaves to anybody.
Services that send mail by an API do the same, but ask for a key of their own.`,
	Instead: "Name the port of the API. Where the connector's purpose is to send mail, allow the finding with a comment that says so.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"smtp.acme.com:587\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			if slices.Contains(mailPorts, e.Port) {
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("port %d of %s passes mail on to anybody", e.Port, e.Host),
					Hint: s.takeOut(e.At, "network", "egress", e.String()),
				})
			}
		}
		return found
	},
}

// mailPorts are SMTP's: between servers, with TLS, for programs (RFC 8314), and what providers
// offer where the first is blocked.
var mailPorts = []uint16{25, 465, 587, 2525}
