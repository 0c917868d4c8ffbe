package native

import (
	"context"
	"fmt"
	"slices"

	"confine/compiler"
	"confine/compiler/seccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// The artifacts of the guard: the program that the stage loads, and the same for people.
const (
	GuardName        = "guard.bpf"
	GuardListingName = "guard.txt"
)

// A guard is a filter of its own beside that of the policy: it denies what goes around
// Landlock, whatever [syscalls] allows. The kernel takes the stricter answer of both.
type guard struct {
	filter           syscalls.Filter
	program, listing []byte
}

// compileGuard writes and proves the guard of a network mode.
func compileGuard(machine string, mode policy.NetworkMode) (guard, error) {
	arch, err := syscalls.ParseArch(machine)
	if err != nil {
		return guard{}, err
	}
	g := guard{filter: syscalls.Filter{
		// A call without a name may be one that goes around all this, and another
		// architecture's calls have other numbers.
		Arch: arch, Default: syscalls.Allow, Unknown: syscalls.Fail(syscalls.ENOSYS), Foreign: syscalls.KillProcess,
	}}
	for _, rule := range guardRules(mode) {
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
		return guard{}, fmt.Errorf("compile the guard: %w", err)
	}
	if g.program, err = compiled.Program.MarshalBinary(); err != nil {
		return guard{}, fmt.Errorf("encode the guard: %w", err)
	}
	g.listing = []byte(g.filter.String() + "\n" + compiled.Head() + "\n")
	return g, nil
}

func (g guard) artifacts() []compiler.File {
	return []compiler.File{{Name: GuardName, Data: g.program}, {Name: GuardListingName, Data: g.listing}}
}

// guards reports whether the guard of a mode has a rule for a call.
func guards(mode policy.NetworkMode, call string) bool {
	return slices.ContainsFunc(guardRules(mode), func(r syscalls.Rule) bool { return r.Name == call })
}
