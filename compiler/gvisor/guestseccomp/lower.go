package guestseccomp

import (
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler/cubes"
	"confine/policy/syscalls"
)

// Lower gives the linux.seccomp that allows exactly what f allows, and the answers to
// other calls that runsc cannot give.
//
// A [*RefusedError] stands beside a result that must not be used. The other errors, those
// of [syscalls.Filter.Check] and a [*TooLargeError], come without one.
func Lower(f syscalls.Filter) (*specs.LinuxSeccomp, Losses, error) {
	if err := f.Check(); err != nil {
		return nil, nil, err
	}
	l := lowering{untraced: !answers(ruleOf(f, "ptrace"))[syscalls.Allow]}
	s := &specs.LinuxSeccomp{
		DefaultAction: l.action(f.Unknown),
		Architectures: []specs.Arch{architectures[f.Arch]},
	}
	plain := map[specs.LinuxSeccompAction][]string{}
	var conditional []specs.LinuxSyscall
	for name := range f.Arch.Calls() {
		entries, err := l.entries(ruleOf(f, name))
		if err != nil {
			return nil, nil, err
		}
		if len(entries) > 1 {
			conditional = append(conditional, entries...)
		} else if action := entries[0].Action; action != s.DefaultAction {
			plain[action] = append(plain[action], name)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(plain)) {
		slices.Sort(plain[action])
		s.Syscalls = append(s.Syscalls, specs.LinuxSyscall{Names: plain[action], Action: action})
	}
	s.Syscalls = append(s.Syscalls, conditional...)
	if instructions(s) > maxInstructions {
		return nil, nil, &TooLargeError{}
	}
	return s, l.losses(f), l.refusal(f)
}

// ruleOf is what f answers to a call that has a name.
func ruleOf(f syscalls.Filter, name string) syscalls.Rule {
	for _, rule := range f.Rules {
		if rule.Name == name {
			return rule
		}
	}
	return syscalls.Rule{Name: name, Otherwise: f.Default}
}

// answers are all that a rule can give.
func answers(r syscalls.Rule) map[syscalls.Action]bool {
	all := map[syscalls.Action]bool{r.Otherwise: true}
	for _, c := range r.Cases {
		all[c.Then] = true
	}
	return all
}

// A lowering knows what one filter can be said with.
type lowering struct {
	// untraced says that no process can become a tracer: all are under the filter, those of
	// runsc exec too. A tracer could have the calls of SCMP_ACT_TRACE executed
	// (PTRACE_O_TRACESECCOMP, ptrace(2)).
	untraced bool
}

// action is what comes closest to an answer, and never executes what it denies.
func (l lowering) action(answer syscalls.Action) specs.LinuxSeccompAction {
	switch {
	case answer == syscalls.Allow:
		return specs.ActAllow
	case answer == syscalls.KillProcess:
		return specs.ActTrap
	case answer == syscalls.Fail(syscalls.ENOSYS) && l.untraced:
		return specs.ActTrace
	}
	return specs.ActErrno
}

// entries answer one call: the first that matches as the first of its cases that applies.
// The last one matches always.
func (l lowering) entries(r syscalls.Rule) ([]specs.LinuxSyscall, error) {
	otherwise := l.action(r.Otherwise)
	cases := r.Cases
	for len(cases) > 0 && l.action(cases[len(cases)-1].Then) == otherwise {
		cases = cases[:len(cases)-1]
	}
	var entries []specs.LinuxSyscall
	for i, c := range cases {
		action := l.action(c.Then)
		matches, ok := allOf(c.When)
		if i == len(cases)-1 {
			// What does not match may take fewer entries than what does.
			if others := anyFails(c.When); !ok || len(others) < len(matches) {
				matches, action, otherwise = others, otherwise, action
			}
		} else if !ok {
			return nil, &TooLargeError{r.Name}
		}
		if len(entries)+len(matches) > maxEntries {
			return nil, &TooLargeError{r.Name}
		}
		for _, match := range matches {
			entries = append(entries, specs.LinuxSyscall{Names: []string{r.Name}, Action: action, Args: conditions(match)})
		}
	}
	return append(entries, specs.LinuxSyscall{Names: []string{r.Name}, Action: otherwise}), nil
}

var architectures = map[syscalls.Arch]specs.Arch{
	syscalls.X86_64:  specs.ArchX86_64,
	syscalls.AArch64: specs.ArchAARCH64,
}

// allOf gives the arguments for which all tests hold, unless that takes too many cubes.
func allOf(tests []syscalls.Test) (cubes.Union, bool) {
	all := cubes.Union{cubes.Cube{}}
	for _, t := range tests {
		yes, _ := cubes.Split(t)
		both, ok := all.And(yes, maxEntries)
		if !ok {
			return nil, false
		}
		all = both
	}
	return all, true
}

// anyFails gives the arguments for which a test does not hold.
func anyFails(tests []syscalls.Test) cubes.Union {
	var fails cubes.Union
	for _, t := range tests {
		_, no := cubes.Split(t)
		for _, c := range no {
			fails = fails.With(c)
		}
	}
	return fails
}

// conditions are those of an entry that matches a cube.
func conditions(c cubes.Cube) []specs.LinuxSeccompArg {
	var args []specs.LinuxSeccompArg
	for arg, mask := range c.Masks {
		if mask != 0 {
			args = append(args, specs.LinuxSeccompArg{
				Index: uint(arg), Value: mask, ValueTwo: c.Values[arg], Op: specs.OpMaskedEqual,
			})
		}
	}
	return args
}
