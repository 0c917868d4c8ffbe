package seccomp

import (
	"errors"
	"testing"

	"confine/policy/syscalls"
)

// The proof would be worth little if its points left a part of the program
// unvisited.
func TestProofCoversTheProgram(t *testing.T) {
	for _, arch := range syscalls.Arches() {
		filter := connectorFilter(t, arch)
		program, err := Compile(filter)
		if err != nil {
			t.Fatal(err)
		}
		type edge struct {
			index  int
			jumped bool
		}
		seen := map[edge]bool{}
		for call := range proofCalls(filter, program) {
			if _, _, err := trace(program, call, func(index int, jumped bool) { seen[edge{index, jumped}] = true }); err != nil {
				t.Fatal(err)
			}
		}
		for index, in := range program {
			if !seen[edge{index, false}] {
				t.Errorf("%s: %s of instruction %d is never run", arch, in.describe(index), index)
			}
			conditional := in.Code == opJumpEqual || in.Code == opJumpAtLeast || in.Code == opJumpAnyBit
			if conditional && !seen[edge{index, true}] {
				t.Errorf("%s: %s of instruction %d never jumps", arch, in.describe(index), index)
			}
		}
	}
}

// Every small damage to the shipped program has to be noticed.
func TestProofRejectsMutants(t *testing.T) {
	for _, arch := range syscalls.Arches() {
		filter := connectorFilter(t, arch)
		program, err := Compile(filter)
		if err != nil {
			t.Fatal(err)
		}
		for index, in := range program {
			for _, mutant := range mutantsOf(in) {
				damaged := append(Program(nil), program...)
				damaged[index] = mutant
				if Prove(filter, damaged) == nil {
					t.Errorf("%s: instruction %d, %s, may as well be %s", arch, index, in.describe(index), mutant.describe(index))
				}
			}
		}
	}
}

// mutantsOf returns instructions that a small mistake would put in the place of in.
func mutantsOf(in Instruction) []Instruction {
	mutants := []Instruction{
		{in.Code, in.JT, in.JF, in.K + 1},
		{in.Code, in.JT, in.JF, in.K - 1},
		{in.Code, in.JT, in.JF, in.K ^ 1<<31},
	}
	switch in.Code {
	case opLoad:
		mutants = append(mutants, Instruction{in.Code, in.JT, in.JF, in.K + 4}, Instruction{in.Code, in.JT, in.JF, in.K - 4})
	case opJumpEqual, opJumpAtLeast, opJumpAnyBit:
		mutants = append(mutants, Instruction{in.Code, in.JF, in.JT, in.K})
	}
	return mutants
}

func TestMismatchShowsTheCall(t *testing.T) {
	filter := connectorFilter(t, syscalls.X86_64)
	err := Prove(filter, Program{{Code: opReturn, K: uint32(syscalls.Allow)}})
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) {
		t.Fatalf("got %v, want a MismatchError", err)
	}
	if got := mismatch.Got; got != syscalls.Allow {
		t.Errorf("got %s, want allow", got)
	}
	if want := filter.Decide(mismatch.Call); mismatch.Want != want {
		t.Errorf("wants %s, the filter says %s", mismatch.Want, want)
	}
}

// Allowed calls whose arguments do not matter run from the kernel's bitmap
// since Linux 5.11; the budget is for the others and for older kernels.
func TestPathLength(t *testing.T) {
	const longestUnguarded, longest = 12, 46
	for _, arch := range syscalls.Arches() {
		filter := connectorFilter(t, arch)
		program, err := Compile(filter)
		if err != nil {
			t.Fatal(err)
		}
		guarded := map[uint32]bool{}
		for _, rule := range filter.Rules {
			guarded[rule.Number] = len(rule.Cases) > 0
		}
		for call := range proofCalls(filter, program) {
			_, steps, err := Run(program, call)
			if err != nil {
				t.Fatal(err)
			}
			limit := longestUnguarded
			if guarded[call.Number] {
				limit = longest
			}
			if steps > limit {
				t.Fatalf("%s: %d steps for call %d, the limit is %d", arch, steps, call.Number, limit)
			}
		}
	}
}

func TestTooManyPointsAreRefused(t *testing.T) {
	condition := func(arg int) syscalls.Test {
		c := syscalls.Test{Arg: arg, Width: syscalls.All64, Op: syscalls.OneOf}
		for value := range uint64(20) {
			c.Values = append(c.Values, syscalls.Constant{Value: 1000 * value})
		}
		return c
	}
	filter := connectorFilter(t, syscalls.X86_64)
	filter.Rules[0].Cases = []syscalls.Case{{
		When: []syscalls.Test{condition(0), condition(1), condition(2), condition(3)},
		Then: syscalls.Fail(syscalls.EPERM),
	}}
	if _, err := Compile(filter); err == nil {
		t.Error("a filter that cannot be proven is compiled")
	}
}

func TestRunRefusesWhatTheKernelRefuses(t *testing.T) {
	for name, program := range map[string]Program{
		"no instruction": {},
		"no return":      {{Code: opLoad, K: 0}},
		"far jump":       {{Code: opJump, K: 1 << 31}, {Code: opReturn}},
		"far branch":     {{Code: opJumpEqual, JT: 9}, {Code: opReturn}},
		"past the data":  {{Code: opLoad, K: dataSize}, {Code: opReturn}},
		"between words":  {{Code: opLoad, K: 2}, {Code: opReturn}},
		"store":          {{Code: 0x02}, {Code: opReturn}},
	} {
		if _, _, err := Run(program, syscalls.Data{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
