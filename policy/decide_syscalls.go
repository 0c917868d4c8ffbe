package policy

import "confine/policy/syscalls"

// Set gives the meaning of the table.
func (s *Syscalls) Set() syscalls.Set {
	set := syscalls.Set{Base: s.Base, OnDeny: s.OnDeny}
	for _, e := range s.Allow {
		set.Allow = append(set.Allow, e.Name)
	}
	for _, e := range s.Deny {
		set.Deny = append(set.Deny, e.Name)
	}
	for _, r := range s.Rules {
		set.Rules = append(set.Rules, syscalls.SetRule{Syscall: r.Syscall, When: r.When})
	}
	return set
}

func (s *Syscalls) decide(name string, args [6]syscalls.Argument) Decision {
	d := s.Set().Decide(name, args)
	decision := Decision{
		Allowed:     d.Verdict == syscalls.Allowed,
		Conditional: d.Verdict == syscalls.Conditional,
		// A condition may list any number of values.
		Because: clip(d.Because, 200),
		Clause:  ClauseSyscalls,
		At:      s.At,
	}
	switch d.Part {
	case syscalls.PartBase:
		decision.Clause = ClauseSyscallsBase
	case syscalls.PartAllow:
		decision.Clause, decision.At = ClauseSyscallsAllow, positionOf(s.Allow, name)
	case syscalls.PartDeny:
		decision.Clause, decision.At = ClauseSyscallsDeny, positionOf(s.Deny, name)
	case syscalls.PartRule:
		decision.Clause, decision.At = ClauseSyscallsRule, s.Rules[d.Rule].At
	case syscalls.PartNone: // the default
	}
	return decision
}

func positionOf(entries []SyscallEntry, name string) Position {
	for _, e := range entries {
		if e.Name == name {
			return e.At
		}
	}
	return Position{}
}
