package lint

import "fmt"

var secretSet = Rule{
	Code:     "CF702",
	Severity: Error,
	Title:    "a secret is written in the policy",
	Why: `The name says that the value is a secret, and a policy lies in a repository that many can read. confine shows
no value of ` + "`environment.set`" + ` in messages, artifacts or receipts, and cannot keep the file itself secret.`,
	Instead: "Give the program its secret in its configuration, and rotate the one that was written here.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\nset = { ACME_API_KEY = \"k-123\" }\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\nset = { LOG_LEVEL = \"INFO\" }\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, v := range s.Policy.Environment.Set {
			if v.Value != "" && namesSecret(v.Name) {
				found = append(found, Found{At: v.At, Message: fmt.Sprintf("the value of %s is a secret, and stands in the policy", v.Name), Hint: "remove it, and rotate the secret"})
			}
		}
		return found
	},
}
