package lint

import (
	"confine/policy"
	"confine/policy/syscalls"
)

// opening is a system call and what a program can do that may make it.
type opening struct{ call, gives string }

// openedCalls finds those of some calls that the policy lets through, with some arguments or
// with any. Of a policy without a filter it finds nothing: that has a rule of its own.
func openedCalls(s *Subject, calls []opening) []Found {
	if s.Policy.Syscalls.Base == syscalls.Unrestricted {
		return nil
	}
	var found []Found
	for _, c := range calls {
		if !named(s.Policy.Syscalls.Allow, c.call) {
			continue // no base list has one of them: TestBasesOpenNothing
		}
		if at, ok := s.maybe(c.call); ok {
			at = allowedAt(s, c.call, at)
			found = append(found, Found{At: at, Message: c.call + " is allowed", Notes: []string{c.gives}, Hint: s.takeOut(at, "syscalls", "allow", c.call)})
		}
	}
	return found
}

func named(entries []policy.SyscallEntry, call string) bool {
	_, ok := entryOf(entries, call)
	return ok
}

func entryOf(entries []policy.SyscallEntry, call string) (policy.SyscallEntry, bool) {
	for _, e := range entries {
		if e.Name == call {
			return e, true
		}
	}
	return policy.SyscallEntry{}, false
}

// allowedAt is where allow names a call, or else what decided.
func allowedAt(s *Subject, call string, decided policy.Position) policy.Position {
	if e, ok := entryOf(s.Policy.Syscalls.Allow, call); ok {
		return e.At
	}
	return decided
}

// difference is what two sets answer otherwise to a call; ok is false where they agree.
// What it would take too long to tell counts as a difference.
func difference(older, newer syscalls.Set, call string) (d syscalls.Difference, ok bool) {
	var none [6]syscalls.Argument
	was, is := older.Decide(call, none).Verdict, newer.Decide(call, none).Verdict
	if was != syscalls.Conditional && is != syscalls.Conditional {
		return syscalls.Difference{Call: call}, was != is // any arguments show it
	}
	// Only what is said of this call matters, and comparing the rest takes time.
	for _, d := range syscalls.Differences(about(older, call), about(newer, call)) {
		if d.Call == call {
			return d, true
		}
	}
	return syscalls.Difference{}, false
}

// about is a set without what it says of other calls.
func about(set syscalls.Set, call string) syscalls.Set {
	out := syscalls.Set{Base: set.Base, OnDeny: set.OnDeny}
	for _, name := range set.Allow {
		if name == call {
			out.Allow = append(out.Allow, name)
		}
	}
	for _, name := range set.Deny {
		if name == call {
			out.Deny = append(out.Deny, name)
		}
	}
	for _, rule := range set.Rules {
		if rule.Syscall == call {
			out.Rules = append(out.Rules, rule)
		}
	}
	return out
}

// without is a list without a name.
func without(list []string, name string) []string {
	var out []string
	for _, other := range list {
		if other != name {
			out = append(out, other)
		}
	}
	return out
}
