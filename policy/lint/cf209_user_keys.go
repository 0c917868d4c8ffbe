package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

var userKeys = Rule{
	Code:     "CF209",
	Severity: Error,
	Title:    "keys and credentials of a user can be read",
	Why: `These files hold what lets a person, or a tool in that person's name, into other machines, clouds, clusters and
repositories. A data connector gets credentials of its own in its configuration.`,
	Instead: "Take the path out.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/home/acme/.aws\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/srv/acme\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range visible(s) {
			if name, ok := keptSecret(e.Path); ok {
				found = append(found, Found{At: e.At, Message: fmt.Sprintf("%s: %s holds a user's keys and credentials", quote(e.Path), name), Hint: s.takeOut(e.At, "filesystem", string(e.Mode), e.Path)})
			}
		}
		return found
	},
}

// secretNames are what tools call the files and directories of a home in which they keep
// credentials, by their manuals.
var secretNames = []string{
	".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".netrc", ".pgpass", ".my.cnf", ".git-credentials", ".npmrc",
	".pypirc", ".vault-token", ".terraform.d", ".config/gcloud", ".config/gh", ".config/containers", ".password-store",
	".local/share/keyrings", ".mozilla", ".config/google-chrome", ".bash_history",
}

// keyFile is what ssh-keygen(1) calls private keys, and kinit(1) the tickets of a user, wherever
// they lie.
var keyFile = regexp.MustCompile(`^(id_(rsa|dsa|ecdsa|ed25519)(_sk)?|krb5cc_.*)$`)

// keptSecret gives the name in a path that says that credentials are kept there.
func keptSecret(name string) (secret string, ok bool) {
	i := slices.IndexFunc(secretNames, func(secret string) bool { return strings.Contains(name+"/", "/"+secret+"/") })
	if i >= 0 {
		return secretNames[i], true
	}
	if base := path.Base(name); keyFile.MatchString(base) {
		return base, true
	}
	return "", false
}
