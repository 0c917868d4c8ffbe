package lint

import (
	"path"
	"regexp"

	"confine/policy"
)

var tlsPrivateKeys = Rule{
	Code:     "CF222",
	Severity: Info,
	Title:    "private keys of certificates can be read",
	Why: `Beside the certificates that everybody may read lie the private keys of the machine's own: whoever has one is the
machine to its clients. The permissions of the directory still hold, until one of them is wrong.`,
	Instead: "Name `/etc/ssl/certs` and `/etc/ssl/openssl.cnf` in place of `/etc/ssl`, or hide the keys.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl/certs?\", \"/etc/ssl/openssl.cnf?\"]\n"},
	check: func(s *Subject) []Found {
		found := foundPaths(s, policy.AccessRead, keyDirectories, "private keys of the machine")
		for _, e := range visible(s) {
			if privateKeyFile.MatchString(path.Base(e.Path)) {
				found = append(found, Found{At: e.At, Message: quote(e.Path) + " is a private key by its name"})
			}
		}
		return found
	},
}

// privateKeyFile is what openssl(1), certbot and keytool call files of private keys.
var privateKeyFile = regexp.MustCompile(`(?i)(^|[._-])(priv|private|privkey|key)[._-]?(key)?\.pem$|\.(key|p12|pfx|jks)$`)

// keyDirectories are where distributions and certbot keep private keys.
var keyDirectories = []string{"/etc/ssl/private", "/etc/pki/tls/private", "/etc/letsencrypt/archive", "/etc/letsencrypt/live"}
