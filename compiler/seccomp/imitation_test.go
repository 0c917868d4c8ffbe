package seccomp

import (
	"slices"
	"testing"

	"confine/policy/syscalls"
)

// generators are all that there are here. The imitation of libseccomp is always among
// them, so that what surrounds the library is tested without it.
func generators(t testing.TB) []Generator {
	t.Helper()
	all := []Generator{Go(), imitation(false)}
	if library, err := Libseccomp(); err == nil {
		all = append(all, library)
	}
	return all
}

// imitation is libseccomp with another library. With contrary, its programs answer the
// opposite in one case.
func imitation(contrary bool) Generator {
	return libseccomp{LibraryVersion{9, 9, 9}, func(f libraryFilter) (Program, error) { return imitate(f, contrary), nil }}
}

// imitate writes f as the library does: first the check of the architecture and x32,
// then the numbers, then the arguments. The conditional rules of a filter are all for
// one call.
func imitate(f libraryFilter, contrary bool) Program {
	a := newAssembler()
	foreign := a.answer(syscalls.KillProcess)
	next := a.answer(f.otherwise)
	conditional := false
	for _, rule := range slices.Backward(f.rules) {
		yes := a.answer(rule.answer)
		if len(rule.when) == 0 {
			next = a.branch(opJumpEqual, rule.number, yes, next)
			continue
		}
		conditional = true
		if contrary {
			yes = a.answer(f.otherwise)
		}
		for _, c := range slices.Backward(rule.when) {
			yes = a.test(testOf(c), yes, next)
		}
		next = yes
	}
	if conditional {
		next = a.branch(opJumpEqual, f.rules[0].number, next, a.answer(f.otherwise))
	}
	x32 := a.branch(opJumpEqual, ^uint32(0), next, a.answer(syscalls.KillProcess))
	next = a.branch(opJumpAtLeast, syscalls.X32Bit, x32, next)
	number := a.load(offsetNumber, allBits, next)
	if a.skip(foreign) > farthest {
		foreign = a.relay(foreign)
	}
	a.load(offsetArch, allBits, a.branch(opJumpEqual, uint32(syscalls.X86_64), number, foreign))
	return a.program()
}

func testOf(c comparison) syscalls.Test {
	ops := map[comparisonOperator]syscalls.Operator{
		equal: syscalls.OneOf, notEqual: syscalls.NoneOf, less: syscalls.Less, lessOrEqual: syscalls.LessOrEqual,
		greaterOrEqual: syscalls.GreaterOrEqual, greater: syscalls.Greater, equalMasked: syscalls.OneOf,
	}
	return syscalls.Test{
		Arg: c.arg, Width: syscalls.All64, Op: ops[c.op], Mask: c.mask, Values: []syscalls.Constant{{Value: c.value}},
	}
}
