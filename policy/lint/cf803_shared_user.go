package lint

import "slices"

var sharedUser = Rule{
	Code:     "CF803",
	Severity: Warning,
	Title:    "the program runs as a user that others run as too",
	Why: `Who runs as the same user on the host shares its limits of processes, and what one of them leaves the other can
read. nobody owns what NFS cannot map, and firejail refuses it; www-data, daemon and the like own other services.`,
	Instead: "Make a system user for connectors alone.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[process]\nuser = \"nobody\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[process]\nuser = \"acme-connector\"\n"},
	check: func(s *Subject) []Found {
		shared := []string{"nobody", "daemon", "bin", "www-data", "mail", "backup", "games", "man", "nogroup", "ubuntu", "debian", "ec2-user"}
		if !slices.Contains(shared, s.Policy.Process.User) {
			return nil
		}
		return []Found{{At: s.Policy.Process.UserAt, Message: "the program runs as " + s.Policy.Process.User + ", as others do"}}
	},
}
