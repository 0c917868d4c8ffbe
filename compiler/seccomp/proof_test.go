package seccomp

import (
	"errors"
	"testing"
)

// The proof would be worth little if its points left a part of the program
// unvisited.
func TestProofCoversTheProgram(t *testing.T) {
	for _, arch := range Arches() {
		filter := connectorFilter(t, arch)
		program, err := filter.Compile()
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
	for _, arch := range Arches() {
		filter := connectorFilter(t, arch)
		program, err := filter.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for index, in := range program {
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
			for _, mutant := range mutants {
				damaged := append(Program(nil), program...)
				damaged[index] = mutant
				if Prove(filter, damaged) == nil {
					t.Errorf("%s: instruction %d, %s, may as well be %s", arch, index, in.describe(index), mutant.describe(index))
				}
			}
		}
	}
}

func TestMismatchShowsTheCall(t *testing.T) {
	filter := connectorFilter(t, X86_64)
	err := Prove(filter, Program{{Code: opReturn, K: uint32(Allow)}})
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) {
		t.Fatalf("got %v, want a MismatchError", err)
	}
	if got := mismatch.Got; got != Allow {
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
	for _, arch := range Arches() {
		filter := connectorFilter(t, arch)
		program, err := filter.Compile()
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

func TestCheckReportsEveryProblem(t *testing.T) {
	filter := Filter{
		Arch:    X86_64,
		Default: Fail(0),
		Unknown: Fail(ENOSYS),
		Foreign: 0x7ff00000, // SECCOMP_RET_TRACE
		Rules: []Rule{
			{Name: "write", Number: 1, Otherwise: Allow},
			{Name: "read", Number: 0, Otherwise: Allow},
			{Name: "open", Number: 3, Otherwise: Allow, Cases: []Case{
				{Then: Allow},
				{Then: Fail(maxErrno + 1), When: []Condition{
					{Arg: 6, Width: Low32, Equals: []Constant{{Value: 1}}},
					{Arg: 0, Width: 16, Equals: []Constant{{Value: 1}}},
					{Arg: 0, Width: Low32},
					{Arg: 0, Width: Low32, Equals: []Constant{{Value: 1}}, AnyOf: []Constant{{Value: 1}}},
					{Arg: 0, Width: Low32, Equals: []Constant{{Value: 1 << 32}}},
					{Arg: 0, Width: Low32, AnyOf: []Constant{{Value: 0}}},
				}},
			}},
		},
	}
	_, err := filter.Compile()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v, want joined errors", err)
	}
	if got := len(joined.Unwrap()); got != 12 {
		t.Errorf("%d problems, want 12:\n%v", got, err)
	}
}

func TestTooManyPointsAreRefused(t *testing.T) {
	condition := func(arg int) Condition {
		c := Condition{Arg: arg, Width: All64}
		for value := range uint64(20) {
			c.Equals = append(c.Equals, Constant{Value: 1000 * value})
		}
		return c
	}
	filter := connectorFilter(t, X86_64)
	filter.Rules[0].Cases = []Case{{
		When: []Condition{condition(0), condition(1), condition(2), condition(3)},
		Then: Fail(EPERM),
	}}
	if _, err := filter.Compile(); err == nil {
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
		if _, _, err := Run(program, Data{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
