package seccomp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/net/bpf"

	"confine/policy/syscalls"
)

// A referenceMachine is the BPF virtual machine of golang.org/x/net, another
// implementation than [Run].
type referenceMachine struct{ vm *bpf.VM }

func newReferenceMachine(t *testing.T, p Program) referenceMachine {
	t.Helper()
	raw, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var instructions []bpf.Instruction
	for ; len(raw) > 0; raw = raw[8:] {
		in := bpf.RawInstruction{
			Op: binary.LittleEndian.Uint16(raw), Jt: raw[2], Jf: raw[3], K: binary.LittleEndian.Uint32(raw[4:]),
		}.Disassemble()
		if _, unknown := in.(bpf.RawInstruction); unknown {
			t.Fatalf("golang.org/x/net/bpf does not know %v", in)
		}
		instructions = append(instructions, in)
	}
	vm, err := bpf.NewVM(instructions)
	if err != nil {
		t.Fatal(err)
	}
	return referenceMachine{vm}
}

// run lays the words out big-endian, as packets are: the machine knows no other
// order (https://go.dev/issue/20556).
func (m referenceMachine) run(t *testing.T, call syscalls.Data) syscalls.Action {
	t.Helper()
	var packet []byte
	for offset := uint32(0); offset < dataSize; offset += 4 {
		word, _ := wordOf(call, offset)
		packet = binary.BigEndian.AppendUint32(packet, word)
	}
	action, err := m.vm.Run(packet)
	if err != nil {
		t.Fatal(err)
	}
	return syscalls.Action(uint32(action))
}

func TestConnectorOnTheReferenceMachine(t *testing.T) {
	for _, arch := range syscalls.Arches() {
		filter := connectorFilter(t, arch)
		program, err := Compile(filter)
		if err != nil {
			t.Fatal(err)
		}
		machine := newReferenceMachine(t, program)
		for call := range proofCalls(filter, program, nil) {
			if got, want := machine.run(t, call), filter.Decide(call); got != want {
				t.Fatalf("%+v: %s, want %s", call, got, want)
			}
		}
	}
}

// FuzzProgram compares the filter, the interpreter and the reference machine on
// random filters and calls, for every generator.
func FuzzProgram(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint32(seed), uint32(syscalls.X86_64), seed, ^seed, seed<<32, uint64(0))
	}
	f.Fuzz(func(t *testing.T, seed uint64, number, arch uint32, arg0, arg1, arg2, arg3 uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		filter := randomFilter(random)
		calls := []syscalls.Data{{Number: number, Arch: syscalls.Arch(arch), Args: [6]uint64{arg0, arg1, arg2, arg3}}}
		for _, rule := range filter.Rules {
			calls = append(calls, syscalls.Data{Number: rule.Number, Arch: filter.Arch, Args: calls[0].Args})
			for range 4 {
				args := [6]uint64{randomValue(random), randomValue(random), randomValue(random)}
				calls = append(calls, syscalls.Data{Number: rule.Number, Arch: filter.Arch, Args: args})
			}
		}
		checkGenerators(t, filter, calls)
	})
}

// FuzzSet does the same with random rules of the policy language.
func FuzzSet(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		filter, err := randomSet(t, random).Filter(syscalls.Arches()[random.IntN(2)])
		if err != nil {
			t.Fatal(err)
		}
		var calls []syscalls.Data
		for _, rule := range filter.Rules {
			for range 4 {
				var args [6]uint64
				for i := range args {
					args[i] = randomValue(random)
				}
				calls = append(calls, syscalls.Data{Number: rule.Number, Arch: filter.Arch, Args: args})
			}
		}
		checkGenerators(t, filter, calls)
	})
}

func checkGenerators(t *testing.T, filter syscalls.Filter, calls []syscalls.Data) {
	t.Helper()
	for _, g := range generators(t) {
		program := compileWith(t, g, filter).Program
		machine := newReferenceMachine(t, program)
		for _, call := range calls {
			want := filter.Decide(call)
			got, _, err := Run(program, call)
			if err != nil || got != want {
				t.Errorf("%s: %+v: %s, %v, want %s\n%s", g.Name(), call, got, err, want, filter)
			}
			if reference := machine.run(t, call); reference != want {
				t.Errorf("%s: %+v: %s on the reference machine, want %s\n%s", g.Name(), call, reference, want, filter)
			}
		}
	}
}

// randomSet has several rules for a few calls, so that conditions that libseccomp
// cannot be given together meet.
func randomSet(t *testing.T, random *rand.Rand) syscalls.Set {
	t.Helper()
	set := syscalls.Set{Base: "connector"}
	names := []string{"lseek", "mmap", "fcntl", "dup3", "fchmod", "prctl", "socket"}
	operators := []string{"==", "!=", "<", "<=", ">", ">=", "&"}
	// Two for each call: with more, the points to prove multiply beyond the limit.
	for len(set.Rules) < 2*len(names) {
		rule := syscalls.SetRule{Syscall: names[len(set.Rules)/2]}
		for _, arg := range random.Perm(syscalls.Arguments(rule.Syscall))[:1+random.IntN(2)] {
			operator, value := operators[random.IntN(len(operators))], randomValue(random)
			text := fmt.Sprintf("arg%d %s %#x", arg, operator, value)
			if operator == "&" {
				text = fmt.Sprintf("arg%d & %#x %s %#x", arg, value, operators[random.IntN(2)], value&randomValue(random))
			}
			condition, err := syscalls.ParseCondition(text)
			if err != nil {
				t.Fatal(err)
			}
			// Many values do not fit the argument, or make no difference.
			if condition.Check(rule.Syscall) == nil {
				rule.When = append(rule.When, condition)
			}
		}
		if len(rule.When) > 0 {
			set.Rules = append(set.Rules, rule)
		}
	}
	return set
}

func randomFilter(random *rand.Rand) syscalls.Filter {
	actions := []syscalls.Action{syscalls.Allow, syscalls.KillProcess, syscalls.Fail(syscalls.EPERM), syscalls.Fail(syscalls.ENOSYS), syscalls.Fail(syscalls.EAFNOSUPPORT)}
	action := func() syscalls.Action { return actions[random.IntN(len(actions))] }
	arch := syscalls.Arches()[random.IntN(len(syscalls.Arches()))]
	filter := syscalls.Filter{Arch: arch, Default: action(), Unknown: action(), Foreign: action()}
	density := random.IntN(10)
	for name, number := range arch.Calls() {
		if random.IntN(10) > density {
			continue
		}
		rule := syscalls.Rule{Name: name, Number: number, Otherwise: action()}
		if random.IntN(30) == 0 {
			for range 1 + random.IntN(3) {
				c := syscalls.Case{Then: action()}
				for range 1 + random.IntN(2) {
					c.When = append(c.When, randomTest(random))
				}
				rule.Cases = append(rule.Cases, c)
			}
		}
		filter.Rules = append(filter.Rules, rule)
	}
	return filter
}

// randomTest looks at the first two arguments only, which keeps the number
// of points to prove small.
func randomTest(random *rand.Rand) syscalls.Test {
	widths := []syscalls.Width{syscalls.Low16, syscalls.Low32, syscalls.All64}
	test := syscalls.Test{
		Arg: random.IntN(2), Width: widths[random.IntN(len(widths))],
		Op: syscalls.OneOf + syscalls.Operator(random.IntN(int(syscalls.GreaterOrEqual))),
	}
	count := 1
	if test.Op <= syscalls.AnyBit {
		count += random.IntN(2)
	}
	if test.Op <= syscalls.NoneOf && random.IntN(2) == 0 {
		test.Mask = randomValue(random) & test.Width.Mask()
	}
	for range count {
		value := randomValue(random) & test.Width.Mask()
		switch {
		case test.Mask != 0:
			value &= test.Mask
		case test.Op == syscalls.AnyBit:
			value |= 1
		case test.Op > syscalls.AnyBit:
			// Neither end of the range: every answer would be the same.
			value = max(1, min(value, test.Width.Mask()-1))
		}
		test.Values = append(test.Values, syscalls.Constant{Value: value})
	}
	return test
}

// randomValue has halves that often agree with those of other values.
func randomValue(random *rand.Rand) uint64 {
	halves := []uint64{0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, uint64(random.Uint32())}
	return halves[random.IntN(len(halves))]<<32 | halves[random.IntN(len(halves))]
}
