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

// identityLines take away privilege. noroot gives a user namespace in which nobody but the
// user exists. It belongs to root, so that nobody else can look into its processes, see
// ptrace(2): the runner of an ordinary caller could not read where they connect to.
func identityLines(by use) []string {
	lines := []string{
		"caps.drop all",
		"nonewprivs",
		"nogroups",
	}
	if by != forMediation {
		lines = append(lines, "noroot")
	}
	return append(lines, "ipc-namespace")
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

// use is what a profile is for.
type use int

// The uses.
const (
	forLaunch use = iota
	// forMediation is for a launch in which the runner answers connect(2) in the program's
	// place.
	forMediation
	// forItself is without confine.
	forItself
)

// writeProfile gives the lines in the one order that every part of it needs:
// noblacklist before blacklist, whitelist before the lines that restrict it.
func writeProfile(p *policy.Policy, l layout, by use) []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	lines := func(prefix string, values []string) {
		for _, v := range values {
			line("%s%s", prefix, v)
		}
	}
	line("# compiled by confine; edit the policy instead")
	if by == forItself {
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
	// In mode "egress" a root runner's launcher is in the network namespace already: profiles
	// of ordinary users cannot name one (Debian's restricted-network), and are not told.
	if p.Network.Mode == policy.NetworkNone || by != forLaunch && p.Network.Mode == policy.NetworkEgress {
		line("net none")
	}
	lines("", identityLines(by))
	lines("", desktopLines)
	lines("", syscallLines(p.Syscalls))
	if by == forItself {
		lines("", standaloneLines(p))
	}
	line(exitLine)
	return b.Bytes()
}
