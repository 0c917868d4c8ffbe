package filter

import (
	"fmt"
	"slices"
	"strings"

	"confine/compiler"
	"confine/policy/syscalls"
)

// nobody is a descriptor that is not open, and an address where nothing is.
const nobody = ^uint64(0)

// noProcess is above the kernel's largest process id, PID_MAX_LIMIT of proc(5).
const noProcess = 0x3fffffff

// A harmlessCall is a call that does nothing to anybody but the process that makes
// it, and returns at once.
type harmlessCall struct {
	name      string
	arguments [6]uint64
	// free are the arguments that may have any other value as well.
	free []int
}

// harmlessCalls are in the order in which the base canary looks for one that is
// denied. The first ones succeed where nothing denies them; most of the others
// name no file and no process, and fail with an error that no filter of ours gives.
var harmlessCalls = []harmlessCall{
	{name: "unshare", free: []int{0}},
	{name: "get_mempolicy"},
	{name: "ioprio_get", arguments: [6]uint64{1}},
	{name: "io_uring_setup"},
	{name: "memfd_create", free: []int{1}},
	{name: "userfaultfd", arguments: [6]uint64{1}, free: []int{0}},
	{name: "personality", arguments: [6]uint64{0xffffffff}, free: []int{0}},
	{name: "ptrace", arguments: [6]uint64{7, noProcess}},
	{name: "kcmp", arguments: [6]uint64{noProcess, noProcess}, free: []int{2}},
	{name: "process_vm_readv", arguments: [6]uint64{noProcess}},
	{name: "process_vm_writev", arguments: [6]uint64{noProcess}},
	{name: "pidfd_getfd", arguments: [6]uint64{nobody, nobody}},
	{name: "setns", arguments: [6]uint64{nobody}, free: []int{1}},
	{name: "vmsplice", arguments: [6]uint64{nobody}},
	{name: "inotify_init1", free: []int{0}},
	{name: "openat2", arguments: [6]uint64{nobody}},
	{name: "clone3"},

	{name: "access", free: []int{1}},
	{name: "bind", arguments: [6]uint64{nobody}},
	{name: "chmod", free: []int{1}},
	{name: "connect", arguments: [6]uint64{nobody}},
	{name: "faccessat", arguments: [6]uint64{nobody}, free: []int{2}},
	{name: "fallocate", arguments: [6]uint64{nobody}, free: []int{1, 2, 3}},
	{name: "fchmod", arguments: [6]uint64{nobody}, free: []int{1}},
	{name: "fchmodat", arguments: [6]uint64{nobody}, free: []int{2}},
	{name: "fcntl", arguments: [6]uint64{nobody, 1}, free: []int{1, 2}},
	{name: "flock", arguments: [6]uint64{nobody}, free: []int{1}},
	{name: "getpid"},
	{name: "getppid"},
	{name: "getrandom", free: []int{2}},
	{name: "getsockopt", arguments: [6]uint64{nobody}, free: []int{1, 2}},
	{name: "ioctl", arguments: [6]uint64{nobody}, free: []int{1, 2}},
	{name: "kill", arguments: [6]uint64{noProcess}, free: []int{1}},
	{name: "listen", arguments: [6]uint64{nobody}, free: []int{1}},
	{name: "lseek", arguments: [6]uint64{nobody}, free: []int{1, 2}},
	{name: "madvise", free: []int{2}},
	{name: "membarrier", free: []int{0, 1}},
	{name: "mkdir", free: []int{1}},
	{name: "mkdirat", arguments: [6]uint64{nobody}, free: []int{2}},
	{name: "mmap", arguments: [6]uint64{4: nobody}, free: []int{2, 3}},
	{name: "mprotect", free: []int{2}},
	{name: "open", free: []int{1, 2}},
	{name: "openat", arguments: [6]uint64{nobody}, free: []int{2, 3}},
	{name: "pidfd_open", arguments: [6]uint64{noProcess}, free: []int{1}},
	{name: "pipe2", free: []int{1}},
	{name: "prctl", arguments: [6]uint64{3}, free: []int{0, 1, 2, 3, 4}}, // PR_GET_DUMPABLE
	{name: "prlimit64", arguments: [6]uint64{noProcess}, free: []int{1}},
	{name: "process_madvise", arguments: [6]uint64{nobody}, free: []int{3, 4}},
	{name: "read", arguments: [6]uint64{nobody}, free: []int{2}},
	{name: "sched_yield"},
	{name: "seccomp", arguments: [6]uint64{2}},
	{name: "sendto", arguments: [6]uint64{nobody}, free: []int{3}},
	{name: "setsockopt", arguments: [6]uint64{nobody}, free: []int{1, 2}},
	{name: "shutdown", arguments: [6]uint64{nobody}, free: []int{1}},
	{name: "socket", arguments: [6]uint64{1, 1}, free: []int{0, 1, 2}},
	{name: "socketpair", arguments: [6]uint64{1, 1}, free: []int{0, 1, 2}},
	{name: "tgkill", arguments: [6]uint64{noProcess, noProcess}, free: []int{2}},
	{name: "timerfd_create", free: []int{0, 1}},
	{name: "umask", free: []int{0}},
	{name: "uname"},
	{name: "write", arguments: [6]uint64{nobody}, free: []int{2}},
}

// harmless finds a call that can be tried.
func harmless(name string) (harmlessCall, bool) {
	i := slices.IndexFunc(harmlessCalls, func(c harmlessCall) bool { return c.name == name })
	if i < 0 {
		return harmlessCall{}, false
	}
	return harmlessCalls[i], true
}

// Canary is the call with these arguments, and what a filter answers to it. On an
// architecture without the call there is none.
func Canary(filter syscalls.Filter, name string, arguments [6]uint64) (compiler.CanaryCall, bool) {
	number, err := filter.Arch.Number(name)
	if err != nil {
		return compiler.CanaryCall{}, false
	}
	var shown []string
	for _, argument := range arguments[:syscalls.Arguments(name)] {
		switch {
		case argument == nobody:
			shown = append(shown, "-1")
		case argument < 10:
			shown = append(shown, fmt.Sprint(argument))
		default:
			shown = append(shown, fmt.Sprintf("%#x", argument))
		}
	}
	return compiler.CanaryCall{
		Text: name + "(" + strings.Join(shown, ", ") + ")", Number: number, Arguments: arguments,
		Answer: filter.Decide(syscalls.Data{Number: number, Arch: filter.Arch, Args: arguments}),
	}, true
}
