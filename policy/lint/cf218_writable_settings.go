package lint

import "confine/policy"

var writableSettings = Rule{
	Code:     "CF218",
	Severity: Error,
	Title:    "the program can write what services of the machine execute or obey",
	Why: `Jobs of cron, units of systemd, profiles of shells and settings of the loader are run or obeyed outside of the sandbox,
most of them by root. A line there is a way out that needs no fault of anything.`,
	Instead: "Take the path out. State of a program belongs into a directory of its own.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/etc/cron.d\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/srv/acme\"]\n"},
	check: func(s *Subject) []Found {
		found := foundPaths(s, policy.AccessWrite, obeyedFiles, "what is obeyed outside of the sandbox")
		for i := range found {
			found[i].Hint = "write into a directory of the program's own" // the names are examples
		}
		return found
	},
}

// obeyedFiles are run or obeyed by services and by logins, by the manuals of these; a name
// stands for every file of its directory.
var obeyedFiles = []string{
	"/etc/crontab", "/etc/cron.d/acme", "/etc/cron.daily/acme", "/etc/cron.hourly/acme", "/etc/anacrontab", "/var/spool/cron/root",
	"/var/spool/cron/crontabs/root", "/var/spool/at/job", "/etc/systemd/system/acme.service", "/run/systemd/system/acme.service",
	"/etc/init.d/acme", "/etc/rc.local", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/ld.so.conf.d/acme.conf", "/etc/ld.so.cache",
	"/etc/profile", "/etc/profile.d/acme.sh", "/etc/bash.bashrc", "/etc/environment", "/etc/pam.d/common-auth", "/etc/sudoers",
	"/etc/sudoers.d/acme", "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/etc/resolv.conf",
	"/etc/ssh/sshd_config", "/etc/apt/apt.conf.d/acme", "/etc/udev/rules.d/acme.rules", "/etc/modprobe.d/acme.conf",
	"/etc/alternatives/python3", "/etc/ssl/certs/ca-certificates.crt", "/etc/kubernetes/manifests/acme.yaml",
	"/etc/cni/net.d/acme.conf", "/etc/docker/daemon.json",
	"/root/.bashrc", "/root/.profile", "/root/.ssh/authorized_keys",
}
