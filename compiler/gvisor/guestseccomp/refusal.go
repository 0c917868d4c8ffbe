package guestseccomp

import "confine/policy/syscalls"

// A RefusedError is why a filter must not be used without confine.
type RefusedError struct {
	// Syscall is the call that it is about, or empty.
	Syscall string
	Message string
	// Hint is what to change in the policy, or empty.
	Hint string
}

func (e *RefusedError) Error() string { return e.Message }

// refusal gives a *RefusedError, or nil.
//
// glibc from 2.34 on starts threads by clone3, and takes clone instead on ENOSYS alone
// (sysdeps/unix/sysv/linux/clone-internal.c).
func (l lowering) refusal(f syscalls.Filter) error {
	switch {
	case f.Unknown == syscalls.Allow:
		return &RefusedError{
			Message: "numbers without a name are allowed, and so would be every call whose name runsc does not know",
		}
	case !l.untraced && answers(ruleOf(f, "clone3"))[syscalls.Fail(syscalls.ENOSYS)]:
		return &RefusedError{
			Syscall: "clone3",
			Message: "the filter allows ptrace, so runsc can answer clone3 with EPERM but not with ENOSYS: " +
				"no program with glibc 2.34 or newer could start a thread",
			Hint: `take "ptrace" out of syscalls.allow; "clone3" in syscalls.allow starts threads too, ` +
				"but its flags cannot be filtered: the program could create user namespaces, and have all capabilities there",
		}
	}
	return nil
}
