package policy

import "fmt"

// Decision is the answer of a policy to one [Access].
type Decision struct {
	Allowed bool
	// Because is one line that says why; it never holds a value of environment.set.
	Because string
	// At is the entry that decided, or the zero Position where a default did.
	At Position
	// Clause is the stable name of what decided, for example "filesystem.read".
	Clause string
	// Conditional says that the answer depends on what the access does not say: the
	// arguments of a system call. Allowed is then false.
	Conditional bool
}

func allowed(clause string, at Position, format string, args ...any) Decision {
	return Decision{Allowed: true, Because: fmt.Sprintf(format, args...), At: at, Clause: clause}
}

func denied(clause string, at Position, format string, args ...any) Decision {
	return Decision{Because: fmt.Sprintf(format, args...), At: at, Clause: clause}
}

// Decide says whether the policy allows an access, and which entry decides. It
// is the reference meaning of the language: every backend must agree with it, or
// its coverage must say where it does not. It is total and pure: it reads nothing
// of the host, so a file that an entry names may still not exist.
//
// A path is decided by the longest entry that it equals or lies under, after the
// links of the policy have been followed. What no entry names is hidden, and so
// is a directory above an entry: it can be passed through, not opened or listed.
//
//	         read  map  exec  write
//	read     yes   no   no    no
//	map      yes   yes  no    no
//	exec     yes   yes  yes   no
//	write    yes   no   no    yes
//	tmp      yes   no   no    yes
//	hide     no    no   no    no
//	absent   no    no   no    no
//
// /proc and /dev are decided by filesystem.proc and filesystem.dev alone.
//
// A system call is decided by what is known of its arguments. Where that is not
// enough, the answer is Conditional.
func (p *Policy) Decide(a Access) Decision {
	switch a.Kind {
	case AccessRead, AccessWrite, AccessExec, AccessMap:
		return p.decidePath(a.Kind, a.Target)
	case AccessConnect, AccessResolve:
		return p.decideNetwork(a)
	case AccessCapability:
		return p.decideCapability(a.Target)
	case AccessRlimit:
		return p.decideRlimit(a.Target, a.Value)
	case AccessEnv:
		return p.decideEnvironment(a.Target)
	case AccessSyscall:
		return p.Syscalls.decide(a.Target, a.Args)
	default:
		return denied("", Position{}, "%s is no kind of access", quote(string(a.Kind)))
	}
}
