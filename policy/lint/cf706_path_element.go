package lint

import (
	"fmt"
	"path"
	"strings"

	"confine/policy"
)

var pathElement = Rule{
	Code:     "CF706",
	Severity: Error,
	Title:    "PATH leads into a directory that the program can write",
	Why: `A command without a slash is looked up in the directories of PATH. A relative or an empty element is the working
directory, and what the program writes there, or into any directory of PATH, runs in place of the command that was
meant, in it and in every tool that it starts.`,
	Instead: "Name absolute directories that nobody inside can write.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/srv/acme\"]\n\n[environment]\nset = { PATH = \"/srv/acme/bin:/usr/bin\" }\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\nset = { PATH = \"/usr/bin\" }\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, v := range s.Policy.Environment.Set {
			if v.Name != "PATH" {
				continue
			}
			for i, element := range strings.Split(v.Value, ":") {
				what := ""
				switch {
				case element == "":
					what = "is empty, which is the working directory"
				case element[0] != '/':
					what = "is relative to the working directory"
				case s.Policy.Decide(policy.Access{Kind: policy.AccessWrite, Target: path.Clean(element)}).Allowed:
					what = "is a directory that the program can write"
				default:
					continue
				}
				// The value is not shown, as no value of environment.set is.
				found = append(found, Found{At: v.At, Message: fmt.Sprintf("element %d of PATH %s", i+1, what), Hint: "name directories that nobody inside can write"})
			}
		}
		return found
	},
}
