package lint

import (
	"fmt"
	"strings"

	"confine/policy"
)

var idleHide = Rule{
	Code:     "CF214",
	Severity: Info,
	Title:    "what is closed was not open",
	Why: `What no entry names is hidden without a word, and so is everything inside of what is hidden or absent. An entry that
closes it again carves nothing out. It only matters if another policy opens the directory above.`,
	Instead: "Remove it. Where no backend may leave even the name visible, write `absent` in place of `hide`.",
	Bad: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/srv/acme\"]\nhide = [\"/srv/acme/keys\", \"/srv/acme/keys/old\"]\n",
		Fixed:  "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/srv/acme\"]\nhide = [\"/srv/acme/keys\"]\n",
	},
	Good: Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/srv/acme\"]\nhide = [\"/srv/acme/keys\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.entries(policy.ModeHide, policy.ModeAbsent) {
			above, ok := policy.Covering(s.Policy.Filesystem.Entries, e.Path)
			switch {
			case !ok && e.Mode == policy.ModeHide:
				found = append(found, Found{At: e.At, Message: "nothing shows " + quote(e.Path) + ", so there is nothing to hide"})
			case ok && (above.Mode == policy.ModeAbsent || above.Mode == policy.ModeHide && e.Mode == policy.ModeHide) && (s.own(e.At) || !s.own(above.At)):
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("%s %s lies inside %s %s", e.Mode, quote(e.Path), above.Mode, quote(above.Path)),
					Notes: []string{"closed by  " + above.At.String()}, Remove: !strings.Contains(e.Path, "${"),
				})
			}
		}
		return found
	},
}
