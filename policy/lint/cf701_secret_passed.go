package lint

import (
	"fmt"
	"slices"
	"strings"
)

var secretPassed = Rule{
	Code:     "CF701",
	Severity: Warning,
	Title:    "a variable that holds a secret is passed to the program",
	Why: `The program sees the value, and so does everything that it starts. Names like AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN
or DD_API_KEY hold credentials of the machine or the platform, which code of strangers has no use for: a connector
gets its own credentials in its configuration.`,
	Instead: "Take it out of `pass`. Where the program needs the secret, give it one of its own, with the fewest rights.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"LANG\", \"AWS_SECRET_ACCESS_KEY\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"LANG\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.Policy.Environment.Pass {
			if name, ok := matchesSecret(e.Pattern); ok {
				f := Found{
					At: e.At, Message: fmt.Sprintf("%s is passed to the program: it holds a secret", e.Pattern),
					Hint: s.takeOut(e.At, "environment", "pass", e.Pattern),
				}
				if name != e.Pattern {
					f.Message = fmt.Sprintf("%s passes %s, which holds a secret", e.Pattern, name)
				}
				for _, other := range s.Policy.Environment.Pass {
					if _, too := passed(other, []string{e.Pattern}); too && other.Pattern != e.Pattern {
						f.Notes = append(f.Notes, "without the entry "+other.Pattern+" passes it, at "+other.At.String())
					}
				}
				found = append(found, f)
			}
		}
		return found
	},
}

// knownSecrets are variables of platforms whose names do not say that they hold a secret,
// or that wide patterns would pass.
var knownSecrets = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CONNECTION_STRING",
	"DATABASE_URL", "DD_API_KEY", "GITHUB_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
	"HF_TOKEN", "KUBECONFIG", "LAUNCHDARKLY_KEY", "NPM_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "PGPASSWORD",
	"MYSQL_PWD", "REDIS_URL", "SENTRY_DSN", "SLACK_WEBHOOK_URL", "SSH_AUTH_SOCK", "VAULT_TOKEN", "NETRC",
}

// secretWords are the parts of names, between underscores, that say what a variable holds.
var secretWords = []string{
	"SECRET", "SECRETS", "TOKEN", "TOKENS", "PASSWORD", "PASSWD", "PASSPHRASE", "PWD", "APIKEY", "CREDENTIAL", "CREDENTIALS",
}

// secretEndings are the ends of such names.
var secretEndings = []string{"_API_KEY", "_ACCESS_KEY", "_PRIVATE_KEY", "_SECRET_KEY", "_ENCRYPTION_KEY", "_SIGNING_KEY", "_DSN", "_AUTH"}

// placeEndings are the ends of names that say where a secret lies, or how long it holds.
var placeEndings = []string{"_DIR", "_DIRECTORY", "_FILE", "_PATH", "_TTL", "_TIMEOUT"}

// namesSecret reports whether the name of a variable says that its value is a secret.
func namesSecret(name string) bool {
	upper := strings.ToUpper(name)
	if upper == "PWD" || upper == "OLDPWD" {
		return false // the working directory
	}
	for _, known := range knownSecrets {
		if upper == known {
			return true
		}
	}
	if slices.ContainsFunc(placeEndings, func(ending string) bool { return strings.HasSuffix(upper, ending) }) || upper == "MAX_TOKENS" {
		return false
	}
	for _, part := range strings.Split(upper, "_") {
		for _, word := range secretWords {
			if part == word {
				return true
			}
		}
	}
	for _, ending := range secretEndings {
		if strings.HasSuffix(upper, ending) {
			return true
		}
	}
	return false
}

// matchesSecret gives the name of a secret that a pattern of environment.pass passes.
func matchesSecret(pattern string) (name string, ok bool) {
	prefix, wild := strings.CutSuffix(pattern, "*")
	if namesSecret(strings.TrimRight(prefix, "_")) {
		return pattern, true
	}
	if !wild || prefix == "" {
		return "", false // a pattern of everything has a rule of its own
	}
	for _, known := range knownSecrets {
		if strings.HasPrefix(known, strings.ToUpper(prefix)) {
			return known, true
		}
	}
	return "", false
}
