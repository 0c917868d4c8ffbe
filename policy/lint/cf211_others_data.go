package lint

import (
	"fmt"
	"slices"
)

var othersData = Rule{
	Code:     "CF211",
	Severity: Warning,
	Title:    "data of other programs is visible",
	Why: `Databases, queues, logs and volumes of other services lie there, what they wrote today and what they will write
tomorrow. The permissions of the files still hold, but they were never made with code of strangers in mind.`,
	Instead: "Name the directory of this program alone.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/var/log\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/var/lib/acme\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range visible(s) {
			if slices.Contains(sharedDirectories, e.Path) {
				found = append(found, Found{At: e.At, Message: fmt.Sprintf("%s shows what other programs keep there", quote(e.Path))})
				continue
			}
			for dir, owner := range ownedDirectories {
				if within(e.Path, dir) {
					found = append(found, Found{At: e.At, Message: fmt.Sprintf("%s shows data of %s", quote(e.Path), owner)})
				}
			}
		}
		return found
	},
}

// sharedDirectories are those in which every service has something (hier(7)).
var sharedDirectories = []string{
	"/var", "/var/lib", "/var/log", "/var/spool", "/var/mail", "/var/spool/mail", "/var/cache", "/var/backups", "/srv", "/mnt", "/media",
}

// ownedDirectories are where services keep their data by default, by whose it is.
var ownedDirectories = map[string]string{
	"/var/lib/docker":         "Docker, with the files of every container",
	"/var/lib/containerd":     "containerd, with the files of every container",
	"/var/lib/containers":     "Podman, with the files of every container",
	"/var/lib/rancher":        "the cluster",
	"/var/lib/etcd":           "the cluster, with its secrets",
	"/var/lib/postgresql":     "PostgreSQL",
	"/var/lib/mysql":          "MySQL",
	"/var/lib/redis":          "Redis",
	"/var/lib/rabbitmq":       "RabbitMQ",
	"/var/lib/jenkins":        "Jenkins, with its credentials",
	"/var/lib/libvirt":        "virtual machines",
	"/var/lib/systemd":        "systemd",
	"/var/lib/sss":            "the cache of users and their passwords",
	"/var/lib/NetworkManager": "the network's settings",
	"/var/log/journal":        "the journal of every service",
	"/var/log/audit":          "the audit log",
}
