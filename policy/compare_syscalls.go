package policy

import (
	"strings"
)

// syscalls compares every call that either table names. The calls of the base lists
// are the same where the lists are.
func (c *comparison) syscalls() {
	a, b := c.older.Syscalls, c.newer.Syscalls
	if a.Base != b.Base {
		c.undecided(ClauseSyscallsBase, "base", a.Base, b.Base, a.At, b.At)
	}
	if a.OnDeny != b.OnDeny {
		c.undecided(ClauseSyscallsOnDeny, "on_deny", string(a.OnDeny), string(b.OnDeny), a.OnDenyAt, b.OnDenyAt)
	}
	names := map[string]bool{}
	for _, s := range []Syscalls{a, b} {
		for _, e := range s.Allow {
			names[e.Name] = true
		}
		for _, e := range s.Deny {
			names[e.Name] = true
		}
		for _, r := range s.Rules {
			names[r.Syscall] = true
		}
	}
	for _, name := range sorted(names) {
		c.syscall(name)
	}
}

func (c *comparison) syscall(name string) {
	access := Access{Kind: AccessSyscall, Target: name}
	was, now := c.older.Decide(access), c.newer.Decide(access)
	change := Change{
		Clause: now.Clause, Subject: name, Was: was.Because, Now: now.Because,
		WasAt: was.At, NowAt: now.At, Example: access,
	}
	deniedAt := positionOf(c.older.Syscalls.Deny, name)
	undenied := !deniedAt.IsZero() && positionOf(c.newer.Syscalls.Deny, name).IsZero()
	switch {
	case undenied && !now.Allowed:
		// The deny was there for a reason, also where nothing else allows the call today.
		change.Clause, change.Loosened, change.Undecided, change.Example = ClauseSyscallsDeny, true, true, Access{}
	case was.Allowed == now.Allowed && was.Conditional == now.Conditional:
		if !now.Conditional || c.sameConditions(name) {
			return
		}
		change.Loosened = !c.fewerRules(name)
		change.Undecided, change.Example = change.Loosened, Access{}
	case now.Allowed:
		change.Loosened = true
	case was.Allowed || !now.Conditional:
		change.Clause = was.Clause
		if now.Conditional {
			change.Clause = now.Clause
		}
		if was.Conditional {
			change.Example = Access{}
		}
	default: // denied before, and now by its arguments
		change.Loosened, change.Undecided, change.Example = true, true, Access{}
	}
	c.add(change)
}

// sameConditions reports whether both policies look at the arguments of a call in the
// same way.
func (c *comparison) sameConditions(name string) bool {
	return c.sameWhole(name) && strings.Join(c.older.rulesFor(name), "\n\n") == strings.Join(c.newer.rulesFor(name), "\n\n")
}

// sameWhole reports whether a call is the same to both policies without its rules.
func (c *comparison) sameWhole(name string) bool {
	return c.older.Syscalls.Base == c.newer.Syscalls.Base &&
		positionOf(c.older.Syscalls.Allow, name).IsZero() == positionOf(c.newer.Syscalls.Allow, name).IsZero()
}

// fewerRules reports whether the newer policy narrows a call at least as much: it has
// some of the older one's rules and no other, or the first ones.
func (c *comparison) fewerRules(name string) bool {
	was, now := c.older.rulesFor(name), c.newer.rulesFor(name)
	if !c.sameWhole(name) || len(now) == 0 {
		return false
	}
	for _, rule := range now {
		if len(was) > 0 && !contains(was, rule) {
			return false
		}
	}
	return true
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
