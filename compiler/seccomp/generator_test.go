package seccomp

import (
	"bytes"
	"testing"
)

// Every second call has a rule with dozens of values: the program is many times
// longer than a conditional jump reaches.
func TestLongProgramsNeedRelays(t *testing.T) {
	filter := Filter{Arch: X86_64, Default: Fail(EPERM), Unknown: Fail(ENOSYS), Foreign: KillProcess}
	for i, entry := range X86_64.table() {
		if i%2 > 0 {
			continue
		}
		values := Condition{Arg: 0, Width: Low32}
		for value := range uint64(15) {
			values.Equals = append(values.Equals, Constant{Value: value * 3})
		}
		filter.Rules = append(filter.Rules, Rule{
			Name: entry.name, Number: entry.number,
			Cases:     []Case{{When: []Condition{values}, Then: Allow}},
			Otherwise: Fail(EAFNOSUPPORT),
		})
	}
	program, err := filter.Compile()
	if err != nil {
		t.Fatal(err)
	}
	relays := 0
	for _, in := range program {
		if in.Code == opJump {
			relays++
		}
	}
	if len(program) < 3000 || relays == 0 {
		t.Errorf("%d instructions and %d relays: the test does not test", len(program), relays)
	}
}

// One condition with more values than a jump reaches over.
func TestLongChainOfValues(t *testing.T) {
	for _, width := range []Width{Low32, All64} {
		filter := connectorFilter(t, X86_64)
		condition := Condition{Arg: 2, Width: width}
		for value := range uint64(600) {
			condition.Equals = append(condition.Equals, Constant{Value: value * 7})
		}
		filter.Rules[0].Cases = []Case{{When: []Condition{condition}, Then: Fail(EPERM)}}
		program, err := filter.Compile()
		if err != nil {
			t.Fatal(err)
		}
		newReferenceMachine(t, program)
	}
}

// A list of every length puts every target at every distance at least once.
func TestEveryLengthOfList(t *testing.T) {
	for _, arch := range Arches() {
		filter := Filter{Arch: arch, Default: Fail(EPERM), Unknown: Fail(ENOSYS), Foreign: KillProcess}
		for i, entry := range arch.table() {
			rule := Rule{Name: entry.name, Number: entry.number, Otherwise: Allow}
			if i%2 > 0 {
				rule.Otherwise = Fail(Errno(1 + i))
			}
			filter.Rules = append(filter.Rules, rule)
			program, err := generate(filter)
			if err != nil {
				t.Fatal(err)
			}
			newReferenceMachine(t, program)
			for _, number := range proofNumbers(arch, program) {
				call := Data{Number: number, Arch: arch}
				if got, _, err := Run(program, call); err != nil || got != filter.Decide(call) {
					t.Fatalf("%s, %d rules: %s for call %d, %v", arch, len(filter.Rules), got, number, err)
				}
			}
		}
	}
}

func TestTooLongForTheKernel(t *testing.T) {
	filter := connectorFilter(t, X86_64)
	condition := Condition{Arg: 0, Width: Low32}
	for value := range uint64(maxInstructions) {
		condition.Equals = append(condition.Equals, Constant{Value: value})
	}
	filter.Rules[0].Cases = []Case{{When: []Condition{condition}, Then: Fail(EPERM)}}
	if _, err := filter.Compile(); err == nil {
		t.Error("a program that no kernel takes is compiled")
	}
}

func TestSameBytesEveryTime(t *testing.T) {
	var first []byte
	for range 5 {
		program, err := Compile(AArch64, "connector")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := program.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
		}
		if !bytes.Equal(raw, first) {
			t.Fatal("two compilations differ")
		}
	}
}
