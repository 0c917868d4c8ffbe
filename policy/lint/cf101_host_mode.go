package lint

import (
	"strings"

	"confine/policy"
)

var hostMode = Rule{
	Code:     "CF101",
	Severity: Warning,
	Title:    "the program reaches whatever the machine reaches",
	Why: `Mode "host" is no restriction: every host and port of the internet, databases and consoles of the local network, and
the metadata service of a cloud, which hands out the credentials of the machine. What the program has read it can
send anywhere.`,
	Instead: `Write mode "egress" and name the hosts of the API. Where the host differs from connection to connection, a
parameter stands for it.`,
	EachPolicy: true,
	Bad:        Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode = \"host\"\n"},
	Good:       Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		if s.Policy.Network.Mode != policy.NetworkHost {
			return nil
		}
		hint := tableHint("network", `mode   = "egress"`, `egress = ["api.example.com:443"]`)
		if s.own(s.Policy.Network.At) {
			_, hint, _ = strings.Cut(hint, "\n") // the table is there
		}
		return []Found{{
			At: s.Policy.Network.At, Message: "the program can reach whatever the machine reaches",
			Notes: []string{"cloud metadata and the local network too, e.g. 169.254.169.254:80"},
			Hint:  hint,
		}}
	},
}
