package syscalls

import (
	"errors"
	"fmt"
	"slices"
)

// A Set is the [syscalls] table of a policy: which calls can be made, with which
// arguments. [Set.Decide] is its meaning.
//
// A call is allowed if Base or Allow allows it and Deny does not name it. Allow
// takes a call whole: what Base says of its arguments no longer counts. If there
// are rules for a call, the arguments must moreover match one of them: rules only
// narrow. [Execve] is always allowed: files limit what can be started.
type Set struct {
	// Base names one of [Bases]. Beside [Unrestricted] nothing else can be said.
	Base  string
	Allow []string
	Deny  []string
	// OnDeny is what a denied call does; empty is DenyErrno.
	OnDeny OnDeny
	Rules  []SetRule
}

// Execve is the call that starts the program itself, under its filter.
const Execve = "execve"

// OnDeny is what a denied call does.
type OnDeny string

// The values of OnDeny.
const (
	// DenyErrno returns EPERM, or the error that makes programs fall back: ENOSYS for
	// calls that are newer than the tables, and what a base list says of single calls.
	DenyErrno OnDeny = "errno"
	// DenyKill ends the process instead of returning EPERM. Errors that make programs
	// fall back are still returned.
	DenyKill OnDeny = "kill"
)

// A SetRule matches the arguments of a call for which all its conditions hold.
type SetRule struct {
	Syscall string
	When    []Condition
}

// Check returns everything that makes s no set, or nil.
func (s Set) Check() error {
	var problems []error
	report := func(where string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("syscalls.%s: %w", where, err))
		}
	}
	if base, err := baseNamed(s.Base); err != nil {
		problems = append(problems, err)
	} else if base.Open && s.Changes() {
		problems = append(problems, fmt.Errorf("%w: nothing would enforce what stands beside it", ErrNoFilter))
	}
	if s.OnDeny != "" && s.OnDeny != DenyErrno && s.OnDeny != DenyKill {
		report("on_deny", fmt.Errorf("%q is neither %q nor %q", s.OnDeny, DenyErrno, DenyKill))
	}
	for _, name := range s.Allow {
		report("allow", CheckName(name))
		if slices.Contains(s.Deny, name) {
			report("deny", fmt.Errorf("%s is also allowed", name))
		}
	}
	for _, name := range s.Deny {
		report("deny", CheckName(name))
		if name == Execve {
			report("deny", errors.New("execve starts the program itself"))
		}
	}
	for _, rule := range s.Rules {
		report("rule", rule.check())
	}
	return errors.Join(problems...)
}

// Changes reports whether s says anything but its base.
func (s Set) Changes() bool {
	return len(s.Allow)+len(s.Deny)+len(s.Rules) > 0 || s.OnDeny == DenyKill
}

func (r SetRule) check() error {
	if err := CheckName(r.Syscall); err != nil {
		return err
	}
	if r.Syscall == Execve {
		return errors.New("execve starts the program itself")
	}
	if len(r.When) == 0 {
		return fmt.Errorf("a rule for %s without a condition", r.Syscall)
	}
	for _, condition := range r.When {
		if err := condition.Check(r.Syscall); err != nil {
			return fmt.Errorf("%s: %s: %w", r.Syscall, condition.Text, err)
		}
	}
	return nil
}
