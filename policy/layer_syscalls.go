package policy

import "confine/policy/syscalls"

// mergeSyscalls puts what a layer states over what its bases gave.
func (p *Policy) mergeSyscalls(over Syscalls) {
	s := &p.Syscalls
	if !over.At.IsZero() {
		s.Base, s.At = over.Base, over.At
	}
	if !over.OnDenyAt.IsZero() {
		s.OnDeny, s.OnDenyAt = over.OnDeny, over.OnDenyAt
	}
	name := func(e SyscallEntry) string { return e.Name }
	s.Allow = replace(s.Allow, over.Allow, name)
	s.Deny = replace(s.Deny, over.Deny, name)
	s.Rules = replace(s.Rules, over.Rules, ruleText)
}

// settleSyscalls takes out what files allow or narrow of a call that a file which
// extends them denies. rank orders the files. It comes after all removals: a deny
// that is taken out leaves what it denied as it was.
func (p *Policy) settleSyscalls(rank map[string]int) {
	s := &p.Syscalls
	denied := map[string]int{}
	for _, e := range s.Deny {
		denied[e.Name] = rank[e.At.File]
	}
	earlier := func(name string, at Position) bool {
		by, ok := denied[name]
		return ok && rank[at.File] < by
	}
	s.Allow = drop(s.Allow, func(e SyscallEntry) bool { return earlier(e.Name, e.At) })
	s.Rules = drop(s.Rules, func(r SyscallRule) bool { return earlier(r.Syscall, r.At) })
}

func syscallNames(entries []SyscallEntry) []string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names
}

// checkUnrestricted reports everything that stands beside a base that is no filter:
// nothing would enforce it.
func (p *Policy) checkUnrestricted(r *reports) {
	s := p.Syscalls
	report := func(at Position, what string) {
		r.addAt(at, "%s beside base = %q", what, s.Base).
			note("nothing enforces it: the base at %s is no filter", s.At).
			advise("remove it, or take the base %q", "default")
	}
	for _, e := range s.Allow {
		report(e.At, "allow of "+e.Name)
	}
	for _, e := range s.Deny {
		report(e.At, "deny of "+e.Name)
	}
	for _, rule := range s.Rules {
		report(rule.At, "a rule for "+rule.Syscall)
	}
	if s.OnDeny == syscalls.DenyKill {
		report(s.OnDenyAt, `on_deny = "kill"`)
	}
}

// checkSyscalls reports what contradicts itself: a call that is allowed and denied,
// and a rule that could not change anything. sound says that nothing is missing.
func (p *Policy) checkSyscalls(r *reports, sound bool) {
	s := p.Syscalls
	if s.Base == syscalls.Unrestricted {
		p.checkUnrestricted(r)
		return
	}
	for _, e := range s.Allow {
		if at := positionOf(s.Deny, e.Name); !at.IsZero() {
			r.addAt(e.At, "%s is both allowed and denied", e.Name).
				note("denied at %s", at).
				advise("remove it from allow, or from deny")
		}
	}
	whole := p.Syscalls.Set()
	whole.Rules = nil
	for _, rule := range s.Rules {
		at := positionOf(s.Deny, rule.Syscall)
		switch {
		case rule.Syscall == syscalls.Execve: // reported where the file was read
		case !at.IsZero():
			r.addAt(rule.SyscallAt, "a rule for %s, which is denied whatever its arguments are", rule.Syscall).
				note("denied at %s", at).
				advise("remove the rule, or %q from deny", rule.Syscall)
		case sound && whole.Decide(rule.Syscall, [6]syscalls.Argument{}).Verdict == syscalls.Denied:
			r.addAt(rule.SyscallAt, "a rule for %s, which nothing allows", rule.Syscall).
				note("rules only narrow what base and allow give").
				advise("add %q to allow in [syscalls]", rule.Syscall)
		}
	}
	if sound {
		p.checkRules(r)
	}
}
