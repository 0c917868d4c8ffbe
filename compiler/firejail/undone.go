package firejail

import (
	"strings"

	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

// undoing are calls that go around what another clause of a policy says, whatever
// enforces that: mounts and Landlock look at paths, and filters at calls.
var undoing = []struct {
	name, why string
}{
	{"memfd_create", "filesystem.exec and filesystem.map: the program can fill a file without a path, map and start it"},
	{"memfd_secret", "filesystem.map: the program can fill a file without a path and map it"},
	{"io_uring_setup", "syscalls.deny and the conditions of the base: the kernel makes the calls that a ring asks for, past every filter"},
	{"request_key", "network.mode: the host's kernel starts /sbin/request-key as root, outside, with words of the program's (request-key(8))"},
	{"inotify_init", "filesystem.hide: watches tell the names of files in hidden directories (landlock(7))"},
	{"inotify_init1", "filesystem.hide: watches tell the names of files in hidden directories (landlock(7))"},
	{"fanotify_init", "filesystem.hide: watches tell the names of files in hidden directories (landlock(7))"},
}

// undone says what an allowed call goes around, or gives "".
func undone(name string) string {
	for _, u := range undoing {
		if u.name == name {
			return "it goes around " + u.why
		}
	}
	return ""
}

// coverOpen judges a base without a filter: all calls that go around other clauses
// can be made.
func coverOpen() (launched, standalone compiler.Verdict) {
	var names []string
	for _, u := range undoing {
		names = append(names, u.name)
	}
	open := weaker("no filter: " + strings.Join(names, ", ") + " go around filesystem.exec, map and hide; " +
		"firejail still denies new namespaces, families of sockets other than unix, inet, inet6 and netlink, " +
		"and calls of other architectures")
	return open, open
}

// coverAllowed judges one call of syscalls.allow.
func coverAllowed(e policy.SyscallEntry, calls policy.Syscalls) (launched, standalone compiler.Verdict) {
	launched, standalone = exact(byTheStage), exact("not in firejail's own deny list")
	if why, ok := ownFilters[e.Name]; ok {
		launched, standalone = stronger(why), stronger(why)
	}
	if why := undone(e.Name); why != "" && calls.Set().Decide(e.Name, [6]syscalls.Argument{}).Verdict != syscalls.Denied {
		launched, standalone = weaker(why), weaker(why)
	}
	return launched, standalone
}
