package lint

import (
	"fmt"
	"strings"
)

var secretPattern = Rule{
	Code:     "CF709",
	Severity: Info,
	Title:    "a pattern passes secrets too, if there are any",
	Why: `A pattern is one of names, not of what they hold. Products give their settings and their secrets one prefix: WEATHER_UNITS
and WEATHER_API_KEY. The pattern passes both, whichever of them the policy names, and also the one that is added next year.`,
	Instead: "Name the variables, one by one. Where nothing secret has the prefix, allow the finding with a comment that says who sees to it.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"WEATHER_*\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"WEATHER_UNITS\", \"WEATHER_REGION\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.Policy.Environment.Pass {
			prefix, wild := strings.CutSuffix(e.Pattern, "*")
			if _, secret := matchesSecret(e.Pattern); !wild || secret || len(prefix) < leastPrefix {
				continue // other rules object to those
			}
			found = append(found, Found{
				At: e.At, Message: fmt.Sprintf("%s passes %s too, if there is one", e.Pattern, strings.TrimRight(prefix, "_")+"_API_KEY"),
				Hint: "name the variables that the program needs",
			})
		}
		return found
	},
}
