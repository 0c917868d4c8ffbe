package syscalls

import "fmt"

// An Action is what a filter answers to a system call: a SECCOMP_RET_ value of
// seccomp(2), with its data in the low 16 bits.
type Action uint32

// The actions that carry no data.
const (
	// KillProcess ends the process with SIGSYS that cannot be caught (Linux 4.14).
	KillProcess Action = 0x80000000
	// Allow executes the call.
	Allow Action = 0x7fff0000
	// Notify suspends the call until the holder of the filter's listener has answered it,
	// see seccomp_unotify(2) (Linux 5.0). Without one it fails with ENOSYS.
	Notify Action = 0x7fc00000
)

// failAction is SECCOMP_RET_ERRNO.
const failAction Action = 0x00050000

// MaxErrno is MAX_ERRNO of the kernel, which cuts larger ones down to it.
const MaxErrno = 4095

// An Errno is an error number of Linux. It is not [syscall.Errno], whose values
// are those of the system that the compiler happens to run on.
type Errno uint16

// The errors that the base lists answer with; the numbers are those of x86_64
// and aarch64.
const (
	EPERM           Errno = 1
	ENOTTY          Errno = 25
	ENOSYS          Errno = 38
	EPROTONOSUPPORT Errno = 93
	EOPNOTSUPP      Errno = 95
	EAFNOSUPPORT    Errno = 97
)

// String is the symbol of e, or "errno N" if this package has no symbol for it.
func (e Errno) String() string {
	switch e {
	case EPERM:
		return "EPERM"
	case ENOTTY:
		return "ENOTTY"
	case ENOSYS:
		return "ENOSYS"
	case EPROTONOSUPPORT:
		return "EPROTONOSUPPORT"
	case EOPNOTSUPP:
		return "EOPNOTSUPP"
	case EAFNOSUPPORT:
		return "EAFNOSUPPORT"
	}
	return fmt.Sprintf("errno %d", uint16(e))
}

// Fail is the action that does not execute the call and returns e instead.
func Fail(e Errno) Action {
	return failAction | Action(e)
}

// String is "allow", "kill the process" or the symbol of an error.
func (a Action) String() string {
	switch {
	case a == Allow:
		return "allow"
	case a == KillProcess:
		return "kill the process"
	case a == Notify:
		return "ask the listener"
	case a&^0xffff == failAction:
		return Errno(a & 0xffff).String()
	}
	return fmt.Sprintf("action %#08x", uint32(a))
}

// check refuses what no filter of ours may answer.
func (a Action) check() error {
	errno := a & 0xffff
	switch {
	case a == Allow, a == KillProcess, a == Notify:
		return nil
	// Errno 0 would tell the program that a call succeeded which never ran.
	case a&^0xffff == failAction && errno >= 1 && errno <= MaxErrno:
		return nil
	}
	return fmt.Errorf("%s is neither allow, kill, ask nor an error from 1 to %d", a, MaxErrno)
}
