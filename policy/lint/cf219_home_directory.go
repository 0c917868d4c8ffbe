package lint

import (
	"fmt"
	"strings"
)

var homeDirectory = Rule{
	Code:     "CF219",
	Severity: Warning,
	Title:    "a home directory is visible as a whole",
	Why: `Homes are where tools keep keys, credentials and histories, under names that nobody lists in advance, and profiles
that run at the next login. Hiding those that are known leaves the others.`,
	Instead: "Keep the files of the program outside of homes, or name the one directory that it needs.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/home/airbyte\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/home/airbyte/connectors\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range visible(s) {
			if e.Path == "/root" || e.Path == "/home" || within(e.Path, "/home") && strings.Count(e.Path, "/") == 2 {
				found = append(found, Found{At: e.At, Message: fmt.Sprintf("%s shows whatever is kept in a home", quote(e.Path))})
			}
		}
		return found
	},
}
