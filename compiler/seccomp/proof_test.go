package seccomp

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"confine/policy/syscalls"
)

// The proof would be worth little if its points left a part of the program
// unvisited: every instruction runs, and every branch goes both ways.
func TestProofCoversTheProgram(t *testing.T) {
	for title, filter := range shippedFilters(t) {
		for _, g := range generators(t) {
			program := compileWith(t, g, filter).Program
			type edge struct {
				index  int
				jumped bool
			}
			seen := map[edge]bool{}
			for call := range proofCalls(filter, program, nil) {
				if _, _, err := trace(program, call, func(index int, jumped bool) { seen[edge{index, jumped}] = true }); err != nil {
					t.Fatal(err)
				}
			}
			for index, in := range program {
				if !seen[edge{index, false}] {
					t.Errorf("%s by %s: %s of instruction %d is never run", title, g.Name(), in.describe(index), index)
				}
				if in.branches() && !seen[edge{index, true}] {
					t.Errorf("%s by %s: %s of instruction %d never jumps", title, g.Name(), in.describe(index), index)
				}
			}
		}
	}
}

// Every small damage to a shipped program has to be noticed, unless it makes no
// difference: then a search that knows the two programs only finds none either.
func TestProofRejectsMutants(t *testing.T) {
	for title, filter := range shippedFilters(t) {
		for _, g := range generators(t) {
			if g.Name() == imitation(false).Name() {
				continue // it writes what our assembler writes, and at length
			}
			program := compileWith(t, g, filter).Program
			noticed, harmless := 0, 0
			try := func(index int, mutant Program, damage string) {
				if Prove(filter, mutant) != nil {
					noticed++
					return
				}
				harmless++
				if call, found := difference(program, mutant, filter); found {
					t.Errorf("%s by %s: instruction %d, %s, may as well be %s: but not for %+v",
						title, g.Name(), index, program[index].describe(index), damage, call)
				}
			}
			for index, in := range program {
				for _, other := range mutantsOf(in) {
					damaged := slices.Clone(program)
					damaged[index] = other
					try(index, damaged, other.describe(index))
				}
				if index < len(program)-1 {
					try(index, without(program, index), "left out")
				}
			}
			t.Logf("%s by %s: %d mutants noticed, %d make no difference", title, g.Name(), noticed, harmless)
			if noticed < len(program) {
				t.Errorf("%s by %s: %d mutants noticed of a program of %d instructions: the test does not test", title, g.Name(), noticed, len(program))
			}
		}
	}
}

func without(p Program, index int) Program {
	kept := make([]bool, len(p))
	for i := range kept {
		kept[i] = i != index
	}
	return keepOnly(p, kept)
}

// difference looks for a call that p and q answer differently, and knows nothing of
// what they are to mean: it tries their constants, neighbours of those and random
// values, at random.
func difference(p, q Program, f syscalls.Filter) (syscalls.Data, bool) {
	random := rand.New(rand.NewPCG(uint64(len(p)), uint64(len(q))))
	constants := []uint32{0, 1 << 31, ^uint32(0)}
	for _, in := range slices.Concat(p, q) {
		if in.Code != opLoad && in.Code != opJump {
			constants = append(constants, in.K-1, in.K, in.K+1)
		}
	}
	word := func() uint32 {
		switch random.IntN(4) {
		case 0:
			return 0
		case 1:
			return random.Uint32()
		case 2:
			return 1 << random.IntN(32)
		}
		return constants[random.IntN(len(constants))]
	}
	differ := func(call syscalls.Data) bool {
		left, _, _ := Run(p, call)
		right, _, _ := Run(q, call)
		return left != right
	}
	for _, number := range slices.Concat(slices.Collect(maps.Values(maps.Collect(f.Arch.Calls()))), constants) {
		tries := 3
		if rule, ok := f.Rule(number); ok && len(rule.Cases) > 0 {
			tries = 150
		}
		for range tries {
			call := syscalls.Data{Number: number, Arch: f.Arch}
			for i := range call.Args {
				call.Args[i] = uint64(word())<<32 | uint64(word())
			}
			if differ(call) {
				return call, true
			}
		}
	}
	for range 100 {
		if call := (syscalls.Data{Number: word(), Arch: syscalls.Arch(word())}); differ(call) {
			return call, true
		}
	}
	return syscalls.Data{}, false
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
	case opJumpEqual, opJumpAbove, opJumpAtLeast, opJumpAnyBit:
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
		for call := range proofCalls(filter, program, nil) {
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
		if err := program.CheckKernel(); err == nil {
			t.Errorf("%s: no error without running it", name)
		}
	}
}
