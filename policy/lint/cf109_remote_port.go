package lint

import "fmt"

var remotePort = Rule{
	Code:     "CF109",
	Severity: Warning,
	Title:    "a port of remote administration or file sharing",
	Why: `Behind these ports machines are run, not data read: a shell, a desktop, a container engine, the shares of an office.
A connection to one is the way from a connector to other machines, and an encrypted way out that nobody looks into.`,
	Instead: "Name the port of the API. A connector of SFTP needs port 22, with the host that it reads from and no wildcard.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"ops.acme.com:2375\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			if what, ok := remotePorts[e.Port]; ok {
				api := e
				api.Port = 443
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("port %d of %s is that of %s", e.Port, e.Host, what),
					Hint: fmt.Sprintf("name the port of the API, for example %q", api),
				})
			}
		}
		return found
	},
}

// remotePorts are ports of the registry of IANA, or that the manual of a program states.
var remotePorts = map[uint16]string{
	22:    "SSH",
	23:    "Telnet",
	111:   "the portmapper of NFS",
	135:   "remote procedure calls of Windows",
	139:   "file sharing of Windows",
	445:   "file sharing of Windows",
	512:   "rexec",
	513:   "rlogin",
	514:   "rsh",
	873:   "rsync",
	2049:  "NFS",
	2375:  "Docker without a password",
	2376:  "Docker",
	2379:  "etcd",
	3389:  "remote desktops of Windows",
	5900:  "VNC",
	5985:  "remote management of Windows",
	5986:  "remote management of Windows",
	6443:  "the Kubernetes API",
	10250: "the kubelet, which runs commands in pods",
	10255: "the kubelet",
}
