package seccomp

import (
	"testing"

	"confine/policy/syscalls"
)

// operatorsFilter has every operator at every width, with and without a mask.
func operatorsFilter() syscalls.Filter {
	filter := syscalls.Filter{
		Arch: syscalls.X86_64, Default: syscalls.Fail(syscalls.EPERM),
		Unknown: syscalls.Fail(syscalls.ENOSYS), Foreign: syscalls.KillProcess,
	}
	tests := []syscalls.Test{}
	for _, width := range []syscalls.Width{syscalls.Low16, syscalls.Low32, syscalls.All64} {
		top := (width.Mask()>>1 + 1) | 0x17
		for op := syscalls.OneOf; op <= syscalls.GreaterOrEqual; op++ {
			value := top
			if op == syscalls.LessOrEqual || op == syscalls.Greater {
				// They become comparisons with the next value: of an even one, a mask without
				// the lowest bit makes no difference; of top, neither does Less for LessOrEqual.
				value -= 3
			}
			tests = append(tests, syscalls.Test{Arg: 1, Width: width, Op: op, Values: []syscalls.Constant{{Value: value}}})
			if op <= syscalls.NoneOf {
				masked := syscalls.Test{Arg: 1, Width: width, Op: op, Mask: top | 0xff, Values: []syscalls.Constant{{Value: top}, {Value: 1}}}
				tests = append(tests, masked)
			}
		}
	}
	for name, number := range syscalls.X86_64.Calls() {
		if len(filter.Rules) == len(tests) {
			break
		}
		filter.Rules = append(filter.Rules, syscalls.Rule{
			Name: name, Number: number, Otherwise: syscalls.Fail(syscalls.EAFNOSUPPORT),
			Cases: []syscalls.Case{{When: []syscalls.Test{tests[len(filter.Rules)]}, Then: syscalls.Allow}},
		})
	}
	return filter
}

// TestProofRejectsMutantsOfOperators damages every instruction of a program that
// has all of them.
func TestProofRejectsMutantsOfOperators(t *testing.T) {
	filter := operatorsFilter()
	program, err := Compile(filter)
	if err != nil {
		t.Fatal(err)
	}
	masks := 0
	for index, in := range program {
		if in.Code == opAnd {
			masks++
		}
		for _, mutant := range mutantsOf(in) {
			damaged := append(Program(nil), program...)
			damaged[index] = mutant
			if Prove(filter, damaged) == nil {
				t.Errorf("instruction %d, %s, may as well be %s", index, in.describe(index), mutant.describe(index))
			}
		}
	}
	if masks == 0 {
		t.Error("no instruction masks: the test does not test")
	}
}

func TestOperatorsOnTheReferenceMachine(t *testing.T) {
	filter := operatorsFilter()
	program, err := Compile(filter)
	if err != nil {
		t.Fatal(err)
	}
	machine := newReferenceMachine(t, program)
	for _, rule := range filter.Rules {
		for args := range proofArgs(rule) {
			call := syscalls.Data{Number: rule.Number, Arch: filter.Arch, Args: args}
			if got, want := machine.run(t, call), filter.Decide(call); got != want {
				t.Fatalf("%s%#x: %s, want %s", rule, args, got, want)
			}
		}
	}
}
