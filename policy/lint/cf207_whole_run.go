package lint

import (
	"slices"

	"confine/policy"
)

var wholeRun = Rule{
	Code:     "CF207",
	Severity: Warning,
	Title:    "/run is visible as a whole",
	Why: `What runs on a machine keeps its sockets, locks, tokens and state in /run: the engine of the containers, the message
bus, sessions of users. A service that is installed tomorrow puts its own there too.`,
	Instead: "Name the files that the program needs. It needs none for names: /etc/resolv.conf is shown wherever it leads to.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/run\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/run/acme\", \"/etc/resolv.conf\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range visible(s) {
			if slices.Contains([]string{"/run", "/var/run", "/run/user"}, e.Path) {
				found = append(found, Found{At: e.At, Message: quote(e.Path) + " shows the sockets and the state of every service"})
			}
		}
		return found
	},
}

// visible gives the entries that show files of the host.
func visible(s *Subject) []policy.PathEntry {
	return s.entries(policy.ModeRead, policy.ModeMap, policy.ModeExec, policy.ModeWrite)
}
