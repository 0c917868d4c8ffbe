package seccomp

import (
	"bytes"
	"testing"

	"confine/policy/syscalls"
)

// Every second call has a rule with dozens of values: the program is many times
// longer than a conditional jump reaches.
func TestLongProgramsNeedRelays(t *testing.T) {
	filter := syscalls.Filter{Arch: syscalls.X86_64, Default: syscalls.Fail(syscalls.EPERM), Unknown: syscalls.Fail(syscalls.ENOSYS), Foreign: syscalls.KillProcess}
	i := 0
	for name, number := range syscalls.X86_64.Calls() {
		if i++; i%2 == 0 {
			continue
		}
		values := syscalls.Test{Arg: 0, Width: syscalls.Low32, Op: syscalls.OneOf}
		for value := range uint64(15) {
			values.Values = append(values.Values, syscalls.Constant{Value: value * 3})
		}
		filter.Rules = append(filter.Rules, syscalls.Rule{
			Name: name, Number: number,
			Cases:     []syscalls.Case{{When: []syscalls.Test{values}, Then: syscalls.Allow}},
			Otherwise: syscalls.Fail(syscalls.EAFNOSUPPORT),
		})
	}
	program, err := Compile(filter)
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
	for _, width := range []syscalls.Width{syscalls.Low32, syscalls.All64} {
		filter := connectorFilter(t, syscalls.X86_64)
		condition := syscalls.Test{Arg: 2, Width: width, Op: syscalls.OneOf}
		for value := range uint64(600) {
			condition.Values = append(condition.Values, syscalls.Constant{Value: value * 7})
		}
		filter.Rules[0].Cases = []syscalls.Case{{When: []syscalls.Test{condition}, Then: syscalls.Fail(syscalls.EPERM)}}
		program, err := Compile(filter)
		if err != nil {
			t.Fatal(err)
		}
		newReferenceMachine(t, program)
	}
}

// A list of every length puts every target at every distance at least once.
func TestEveryLengthOfList(t *testing.T) {
	for _, arch := range syscalls.Arches() {
		filter := syscalls.Filter{Arch: arch, Default: syscalls.Fail(syscalls.EPERM), Unknown: syscalls.Fail(syscalls.ENOSYS), Foreign: syscalls.KillProcess}
		i := 0
		for name, number := range arch.Calls() {
			i++
			rule := syscalls.Rule{Name: name, Number: number, Otherwise: syscalls.Allow}
			if i%2 == 0 {
				rule.Otherwise = syscalls.Fail(syscalls.Errno(i))
			}
			filter.Rules = append(filter.Rules, rule)
			program := generate(filter)
			newReferenceMachine(t, program)
			for _, number := range proofNumbers(arch, program) {
				call := syscalls.Data{Number: number, Arch: arch}
				if got, _, err := Run(program, call); err != nil || got != filter.Decide(call) {
					t.Fatalf("%s, %d rules: %s for call %d, %v", arch, len(filter.Rules), got, number, err)
				}
			}
		}
	}
}

func TestTooLongForTheKernel(t *testing.T) {
	filter := connectorFilter(t, syscalls.X86_64)
	condition := syscalls.Test{Arg: 0, Width: syscalls.Low32, Op: syscalls.OneOf}
	for value := range uint64(maxInstructions) {
		condition.Values = append(condition.Values, syscalls.Constant{Value: value})
	}
	filter.Rules[0].Cases = []syscalls.Case{{When: []syscalls.Test{condition}, Then: syscalls.Fail(syscalls.EPERM)}}
	if _, err := Compile(filter); err == nil {
		t.Error("a program that no kernel takes is compiled")
	}
}

func TestSameBytesEveryTime(t *testing.T) {
	var first []byte
	for range 5 {
		program, err := Compile(connectorFilter(t, syscalls.AArch64))
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
