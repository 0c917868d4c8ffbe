// Package guard writes the filters of system calls that are confine's own, beside that of a
// policy: they deny what goes around other mechanisms, whatever [syscalls] allows. The kernel
// takes the stricter answer of both. It is pure.
package guard

import (
	"context"
	"fmt"
	"slices"

	"confine/compiler"
	"confine/compiler/seccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// The artifacts of a guard: the program that the stage loads, and the same for people.
const (
	Name        = "guard.bpf"
	ListingName = "guard.txt"
)

// Guard is a filter that was compiled and proven.
type Guard struct {
	filter           syscalls.Filter
	program, listing []byte
}

// Compile writes and proves the guard of some rules, which need no numbers. Calls that no
// rule names are allowed.
func Compile(machine string, rules []syscalls.Rule) (Guard, error) {
	arch, err := syscalls.ParseArch(machine)
	if err != nil {
		return Guard{}, err
	}
	g := Guard{filter: syscalls.Filter{
		// A call without a name may be one that goes around all this, and another
		// architecture's calls have other numbers.
		Arch: arch, Default: syscalls.Allow, Unknown: syscalls.Fail(syscalls.ENOSYS), Foreign: syscalls.KillProcess,
	}}
	for _, rule := range rules {
		number, err := arch.Number(rule.Name)
		if err != nil {
			continue // not a call of this architecture
		}
		rule.Number = number
		g.filter.Rules = append(g.filter.Rules, rule)
	}
	slices.SortFunc(g.filter.Rules, func(a, b syscalls.Rule) int { return int(a.Number) - int(b.Number) })
	compiled, err := seccomp.CompileWith(context.Background(), seccomp.Go(), g.filter)
	if err != nil {
		return Guard{}, fmt.Errorf("compile the guard: %w", err)
	}
	if g.program, err = compiled.Program.MarshalBinary(); err != nil {
		return Guard{}, fmt.Errorf("encode the guard: %w", err)
	}
	g.listing = []byte(g.filter.String() + "\n" + compiled.Head() + "\n")
	return g, nil
}

// Artifacts are the files of a guard.
func (g Guard) Artifacts() []compiler.File {
	return []compiler.File{{Name: Name, Data: g.program}, {Name: ListingName, Data: g.listing}}
}

// Expect is what the stage loads and tries. mode is the position of network.mode; mediated
// says that the rules are those of [Network] for mode "egress".
func (g Guard) Expect(mode policy.Position, mediated bool) *compiler.Guard {
	return &compiler.Guard{Program: g.program, Canaries: canaries(g.filter, mode), Mediated: mediated}
}

// Has reports whether one of some rules is for a call.
func Has(rules []syscalls.Rule, call string) bool {
	return slices.ContainsFunc(rules, func(r syscalls.Rule) bool { return r.Name == call })
}
