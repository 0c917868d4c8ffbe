package firejail

import (
	"bytes"
	"fmt"

	"confine/policy"
)

// syscallLines close what firejail's default list leaves open: io_uring, the i386
// entry, for which every other filter answers "allow", and new namespaces.
func syscallLines(calls policy.Syscalls) []string {
	return []string{
		seccompLine(calls),
		"seccomp.block-secondary",
		"restrict-namespaces",
		"protocol unix,inet,inet6,netlink",
	}
}

// identityLines take away privilege. noroot gives a user namespace in which
// nobody but the user exists.
var identityLines = []string{
	"caps.drop all",
	"nonewprivs",
	"nogroups",
	"noroot",
	"ipc-namespace",
}

// desktopLines close the sockets and devices of a desktop. nogroups does nothing
// where /run/systemd/seats is missing; these lines drop the same groups.
var desktopLines = []string{
	"nodbus",
	"no3d",
	"nosound",
	"novideo",
	"notv",
	"nodvd",
	"nou2f",
	"noinput",
	"noprinters",
}

// x11Line keeps the X server's sockets away, the abstract one by refusing to start
// when there is one. Anybody can make such a socket, so the launched profile does
// without: the directory is hidden anyway, and Landlock closes abstract sockets.
const x11Line = "x11 none"

// deviceLines leave what private-dev gives beyond dev = "minimal" closed.
var deviceLines = []string{
	"private-dev",
	"noexec /dev/shm",
	"blacklist /dev/ptmx",
	"blacklist /dev/pts",
	"blacklist /dev/log",
}

// exitLine makes the exit code that of the program itself, not that of the last
// orphan that it leaves behind.
const exitLine = "deterministic-exit-code"

// writeProfile gives the lines in the one order that every part of it needs:
// noblacklist before blacklist, whitelist before the lines that restrict it.
func writeProfile(p *policy.Policy, l layout, standalone bool) []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	lines := func(prefix string, values []string) {
		for _, v := range values {
			line("%s%s", prefix, v)
		}
	}
	line("# compiled by confine; edit the policy instead")
	if standalone {
		line("# start it as an ordinary user: for root firejail enforces less")
	}
	lines("noblacklist ", l.exempt.sorted())
	lines("whitelist ", l.keep.sorted())
	lines("blacklist ", l.globs.sorted())
	line("blacklist /run/user")
	lines("blacklist ", l.hide)
	lines("", l.restrict)
	lines("", l.lift.sorted())
	lines("", deviceLines)
	// In mode "egress" the runner's launcher is in the network namespace already: profiles
	// of ordinary users cannot name one (Debian's restricted-network), and are not told.
	if p.Network.Mode == policy.NetworkNone || standalone && p.Network.Mode == policy.NetworkEgress {
		line("net none")
	}
	lines("", identityLines)
	lines("", desktopLines)
	lines("", syscallLines(p.Syscalls))
	if standalone {
		lines("", standaloneLines(p))
	}
	line(exitLine)
	return b.Bytes()
}
