package lint

import (
	"fmt"
	"slices"

	"confine/policy"
)

var danglingLink = Rule{
	Code:     "CF216",
	Severity: Info,
	Title:    "a link leads to what no entry names",
	Why: `A link says under which other name a path is known. Where no entry names what it leads to, the alias is as hidden as
its target, and a launch is still refused on a host that has something else in its place.`,
	Instead: "Remove the link, or name what it leads to.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
exec  = ["/usr/bin"]
links = { "/bin" = "/usr/bin", "/sbin" = "/usr/sbin" }
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
exec  = ["/usr/bin"]
links = { "/bin" = "/usr/bin" }
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, l := range s.Policy.Filesystem.Links {
			named := func(e policy.PathEntry) bool { return within(e.Path, l.To) || within(l.To, e.Path) }
			// /proc and /dev are named by keys of their own.
			if slices.ContainsFunc(s.Policy.Filesystem.Entries, named) || s.allows("read "+l.To) || s.allows("write "+l.To) {
				continue
			}
			found = append(found, Found{At: l.At, Message: fmt.Sprintf("no entry names %s, where %s leads to", quote(l.To), quote(l.From))})
		}
		return found
	},
}
