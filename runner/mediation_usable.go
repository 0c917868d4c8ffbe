//go:build linux

package runner

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mediationProblems are those of answering connect(2) in the program's place.
func (h Host) mediationProblems() []Problem {
	problems := h.listenerProblems(tryListener())
	scope, err := os.ReadFile(yamaScope)
	if value := strings.TrimSpace(string(scope)); err == nil && value > "1" {
		problems = append(problems, Problem{
			Message: "no process may look at the calls of those that it starts",
			Found:   yamaScope + " is " + value, Expected: "0 or 1",
			Instead: []string{"sysctl kernel.yama.ptrace_scope=1, until the next start of the machine for 3"},
		})
	}
	return problems
}

// yamaScope says who may trace a process, see Documentation/admin-guide/LSM/Yama.rst in the
// kernel.
const yamaScope = "/proc/sys/kernel/yama/ptrace_scope"

// tryListener asks for a filter with a listener, and gives none to be read: a kernel that
// knows what is asked for fails with EFAULT.
func tryListener() unix.Errno {
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	_, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, 0)
	return e
}

// listenerProblems judges how that failed.
func (h Host) listenerProblems(e unix.Errno) []Problem {
	p := Problem{Expected: "a kernel that does, and nothing around this caller that denies it"}
	switch e {
	case unix.EFAULT:
		return nil
	case unix.EINVAL, unix.ENOSYS:
		p.Message, p.Found = "this kernel does not let a filter ask about calls until they are answered", "Linux "+h.Kernel
		p.Expected = "Linux 5.19 or newer, with CONFIG_SECCOMP_FILTER"
	default:
		p.Message, p.Found = "no filter that asks about calls can be loaded here", "seccomp(2) fails with "+unix.ErrnoName(e)
	}
	return []Problem{p}
}
