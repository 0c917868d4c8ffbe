package seccomp

import (
	"testing"

	"confine/policy/syscalls"
)

// TestProofRejectsPreludes: instructions in front of a proven program that open a
// denied call for who knows how, each in a way that points of the filter alone would
// not show.
func TestProofRejectsPreludes(t *testing.T) {
	filter := connectorFilter(t, syscalls.X86_64)
	program := generate(filter)
	const socket = 41
	load := func(offset uint32) Instruction { return Instruction{Code: opLoad, K: offset} }
	jump := func(code uint16, jt, jf uint8, k uint32) Instruction { return Instruction{code, jt, jf, k} }
	open := Instruction{Code: opReturn, K: uint32(syscalls.Allow)}
	native, arg0 := uint32(filter.Arch), offsetLow(0)
	for name, tc := range map[string]struct {
		prelude Program
		call    syscalls.Data
	}{
		"an address of code": {
			Program{load(offsetInstructionPointer), jump(opJumpEqual, 0, 1, 0x41414141), open},
			syscalls.Data{Number: 101, Arch: filter.Arch, InstructionPointer: 0x41414141},
		},
		"an argument of another architecture": {
			Program{load(offsetArch), jump(opJumpEqual, 0, 3, uint32(syscalls.I386)), load(arg0), jump(opJumpEqual, 0, 1, 0xdead), open},
			syscalls.Data{Number: 26, Arch: syscalls.I386, Args: [6]uint64{0xdead}},
		},
		"a range between values that are tried": {
			Program{
				load(offsetArch), jump(opJumpEqual, 0, 6, native), load(offsetNumber), jump(opJumpEqual, 0, 4, socket),
				load(arg0), jump(opJumpAbove, 0, 2, 11), jump(opJumpAtLeast, 1, 0, 15), open,
			},
			syscalls.Data{Number: socket, Arch: filter.Arch, Args: [6]uint64{13}},
		},
		"a range above all values": {
			Program{
				load(offsetArch), jump(opJumpEqual, 0, 6, native), load(offsetNumber), jump(opJumpEqual, 0, 4, socket),
				load(arg0), jump(opJumpAbove, 0, 2, 17), jump(opJumpAtLeast, 1, 0, 0x7ffffffe), open,
			},
			syscalls.Data{Number: socket, Arch: filter.Arch, Args: [6]uint64{40}},
		},
		"bits of a number": {
			Program{
				load(offsetArch), jump(opJumpEqual, 0, 4, native), load(offsetNumber),
				jump(opJumpAnyBit, 0, 2, 0x20000000), jump(opJumpAnyBit, 1, 0, 0x9fffff00), open,
			},
			syscalls.Data{Number: 0x20000000, Arch: filter.Arch},
		},
		"bits of an argument of a call without a rule": {
			Program{
				load(offsetArch), jump(opJumpEqual, 0, 6, native), load(offsetNumber), jump(opJumpEqual, 0, 4, 101),
				load(arg0), jump(opJumpAnyBit, 2, 0, 1), load(arg0), jump(opJumpAnyBit, 0, 1, 0x4200), open,
			},
			syscalls.Data{Number: 101, Arch: filter.Arch, Args: [6]uint64{0x4206}},
		},
	} {
		mutant := append(tc.prelude, program...)
		if got, _, err := Run(mutant, tc.call); err == nil && got == filter.Decide(tc.call) {
			t.Errorf("%s: the prelude opens nothing", name)
		}
		if Prove(filter, mutant) == nil {
			t.Errorf("%s: nothing is found", name)
		}
	}
}
