package lint

import (
	"regexp"

	"confine/policy"
)

var serviceSocket = Rule{
	Code:     "CF225",
	Severity: Error,
	Title:    "a message bus, a service manager or an agent for keys can be reached",
	Why: `Behind these sockets a service does for whoever connects what the sandbox forbids: the bus and the manager of a user start
programs outside, those of the machine hand requests to services that run as root, and an agent signs with keys that
the program cannot read. The file only has to be visible: a read-only mount keeps nobody from connecting to a socket.`,
	Instead: "Take the path out. If a directory above it has to be shown, `hide` the socket.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/run/dbus\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/run/acme\"]\n"},
	check: func(s *Subject) []Found {
		found := foundPaths(s, policy.AccessRead, append(usersSockets(s, userServices), serviceSockets...), "the socket of a service that acts for others")
		for _, e := range visible(s) {
			if agentSocket.MatchString(e.Path) {
				found = append(found, Found{
					At: e.At, Message: quote(e.Path) + " is the socket of an agent for keys",
					Hint: s.takeOut(e.At, "filesystem", string(e.Mode), e.Path),
				})
			}
		}
		return found
	},
}

// serviceSockets are where the bus and the manager of a machine listen (dbus-daemon(1),
// systemd(1)).
var serviceSockets = withOldRun("/run/dbus/system_bus_socket", "/run/systemd/private")

// userServices are where those of a user do, and the agents of ssh-agent(1), gpg-agent(1)
// and the GNOME keyring, in the user's directory of /run/user.
var userServices = []string{
	"bus", "systemd/private", "keyring/ssh", "keyring/control", "gcr/ssh", "ssh-agent.socket", "openssh_agent", "gnupg/S.gpg-agent",
	"gnupg/S.gpg-agent.ssh", "gnupg/S.gpg-agent.extra",
}

// agentSocket is where ssh-agent(1) makes its socket by default: in a directory of a name of
// its own.
var agentSocket = regexp.MustCompile(`^(/tmp|/var/tmp|/run|/var/run)/ssh-[A-Za-z0-9]{6,12}/agent\.\d+$|^/tmp/ssh-[A-Za-z0-9]{6,12}$`)
