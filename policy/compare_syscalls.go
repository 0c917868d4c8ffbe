package policy

import (
	"fmt"

	"confine/policy/syscalls"
)

// syscalls compares every call that the two policies answer otherwise.
func (c *comparison) syscalls() {
	a, b := c.older.Syscalls, c.newer.Syscalls
	if open := b.Base == syscalls.Unrestricted; open != (a.Base == syscalls.Unrestricted) {
		// Known calls are told below. Calls to come, and those of other architectures,
		// have no name to show one by.
		c.add(Change{
			Clause: ClauseSyscallsBase, Subject: "calls without a name", Loosened: open,
			Was: a.Base, Now: b.Base, WasAt: a.At, NowAt: b.At,
		})
	}
	if a.OnDeny != b.OnDeny {
		c.undecided(ClauseSyscallsOnDeny, "on_deny", string(a.OnDeny), string(b.OnDeny), a.OnDenyAt, b.OnDenyAt)
	}
	differences := syscalls.Differences(a.Set(), b.Set())
	bases := baseChanges{}
	more := map[string]bool{}
	for _, d := range differences {
		more[d.Call] = d.Undecided || d.More.Found
		if d.Undecided {
			c.undecided(ClauseSyscallsRule, d.Call, "other conditions", "too many conditions to compare",
				a.firstRule(d.Call), b.firstRule(d.Call))
		}
		if d.More.Found {
			c.call(d.Call, d.More, true, bases)
		}
		if d.Less.Found {
			c.call(d.Call, d.Less, false, bases)
		}
	}
	for _, change := range bases {
		c.add(*change)
	}
	for _, e := range a.Deny {
		if more[e.Name] || !positionOf(b.Deny, e.Name).IsZero() {
			continue
		}
		// The deny was there for a reason, also where nothing else allows the call today.
		access := Access{Kind: AccessSyscall, Target: e.Name}
		now := c.newer.Decide(access)
		c.undecided(ClauseSyscallsDeny, e.Name, c.older.saysOf(access, c.older.Decide(access)), c.newer.saysOf(access, now), e.At, now.At)
	}
}

// baseChanges are the changes that only the base lists make: by hundreds, if one list
// takes the place of another. Those of one kind are one change.
type baseChanges map[[2]string]*Change

// call adds the arguments of a call that only one of the policies allows.
func (c *comparison) call(name string, w syscalls.Witness, loosened bool, bases baseChanges) {
	access := Access{Kind: AccessSyscall, Target: name, Args: w.Args}
	was, now := c.older.Decide(access), c.newer.Decide(access)
	change := Change{
		Clause: now.Clause, Subject: name, Loosened: loosened,
		Was: c.older.saysOf(access, was), Now: c.newer.saysOf(access, now), WasAt: was.At, NowAt: now.At, Example: access,
	}
	if !loosened && now.Clause == ClauseSyscalls {
		change.Clause = was.Clause
	}
	if w.Arch != 0 {
		where := fmt.Sprintf(" (%s on %s)", syscalls.FormatCall(name, w.Args), w.Arch)
		change.Was, change.Now, change.Example = change.Was+where, change.Now+where, Access{}
	}
	if w.Arch != 0 || w.Args != [6]syscalls.Argument{} || !was.ofBase() || !now.ofBase() {
		c.add(change)
		return
	}
	key := [2]string{change.Was, change.Now}
	first, ok := bases[key]
	if !ok {
		change.Calls = []string{name}
		bases[key] = &change
		return
	}
	first.Calls = append(first.Calls, name)
	first.Subject = fmt.Sprintf("%s and %d more", first.Calls[0], len(first.Calls)-1)
}

// ofBase reports whether a base list, or that it does not name the call, decides.
func (d Decision) ofBase() bool {
	return !d.Conditional && (d.Clause == ClauseSyscallsBase || d.Clause == ClauseSyscalls)
}

// saysOf gives what the policy says of a call, without its name.
func (p *Policy) saysOf(access Access, d Decision) string {
	verdict := "denied by "
	if d.Allowed {
		verdict = "allowed by "
	}
	switch {
	case d.Conditional || d.Clause == ClauseSyscallsRule:
		return d.Because
	case !d.ofBase():
		return verdict + d.Clause
	case p.Decide(Access{Kind: AccessSyscall, Target: access.Target}).Conditional:
		return verdict + p.Syscalls.Base + " with these arguments"
	}
	return verdict + p.Syscalls.Base
}

// firstRule is where the first rule for a call stands.
func (s *Syscalls) firstRule(name string) Position {
	for _, rule := range s.Rules {
		if rule.Syscall == name {
			return rule.At
		}
	}
	return Position{}
}

func (p *Policy) rulesFor(name string) []string {
	var texts []string
	for _, rule := range p.Syscalls.Rules {
		if rule.Syscall == name {
			texts = append(texts, ruleText(rule))
		}
	}
	return texts
}
