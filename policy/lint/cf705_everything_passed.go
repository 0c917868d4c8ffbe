package lint

import (
	"fmt"
	"strings"
)

// leastPrefix is how many characters a prefix has, at the least, that belongs to one product.
const leastPrefix = 3

var everythingPassed = Rule{
	Code:     "CF705",
	Severity: Warning,
	Title:    "a pattern passes variables that nobody listed",
	Why: `A pattern of fewer than three characters before its star passes most of what the caller has in its environment,
and what it will have next year: credentials, addresses of the cluster, switches of libraries.`,
	Instead: "Name the variables, or a prefix that belongs to one product, such as `WORKER_*`.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"A*\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"ACME_*\", \"LANG\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.Policy.Environment.Pass {
			if prefix, wild := strings.CutSuffix(e.Pattern, "*"); wild && len(prefix) < leastPrefix {
				found = append(found, Found{At: e.At, Message: fmt.Sprintf("%s passes whatever the caller has that begins so", e.Pattern), Hint: "name the variables, or a prefix of one product"})
			}
		}
		return found
	},
}
