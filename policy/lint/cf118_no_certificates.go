package lint

var noCertificates = Rule{
	Code:     "CF118",
	Severity: Info,
	Title:    "hosts are reached by TLS, and no certificates can be read",
	Why: `A TLS client verifies the other side with the certificates of the system. Most libraries fail without them; some go on
without verifying, and some, such as Python's requests, bring their own.`,
	Instead: "Show them, as the policy `connector` does, unless the program brings its own.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	Good: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["api.acme.com:443"]

[filesystem]
read = ["/etc/ssl/certs?", "/usr/share/ca-certificates?"]
`},
	check: func(s *Subject) []Found {
		for _, file := range certificateFiles {
			if s.allows("read " + file) {
				return nil
			}
		}
		for _, e := range reached(s) {
			if e.Port == 443 {
				return []Found{{
					At: e.At, Message: "no certificates can be read that verify " + e.String(),
					Hint: "[filesystem]\nread = [\"/etc/ssl/certs?\", \"/usr/share/ca-certificates?\"]",
				}}
			}
		}
		return nil
	},
}

// certificateFiles are where distributions keep the certificates of authorities: Debian,
// Fedora, Alpine, SUSE.
var certificateFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem",
}
