package lint

import "confine/policy"

var shell = Rule{
	Code:     "CF223",
	Severity: Info,
	Title:    "a shell or a downloader can be executed",
	Why: `The first thing that an attacker starts is a shell, and the second what brings more code or a connection out. A
connector is one interpreter: with its file named in place of a directory there is nothing else to start.`,
	Instead: "Name the interpreter's own file in `exec`, as the policy `custom-components` does.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr/bin\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr/bin/python3.11\"]\n"},
	check: func(s *Subject) []Found {
		found := foundPaths(s, policy.AccessExec, shells, "a shell or a downloader")
		for i := range found {
			found[i].Hint = "name the interpreter's own file in exec"
		}
		return found
	},
}

// shells are what attackers start first, where distributions have it.
var shells = []string{
	"/usr/bin/sh", "/usr/bin/bash", "/usr/bin/dash", "/usr/bin/busybox", "/usr/bin/curl", "/usr/bin/wget", "/usr/bin/socat",
	"/usr/bin/nc", "/usr/bin/ssh", "/usr/bin/perl", "/bin/sh", "/bin/bash", "/bin/busybox",
}
