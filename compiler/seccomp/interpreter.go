package seccomp

import (
	"fmt"

	"confine/policy/syscalls"
)

// Run executes p as the kernel would on the call, and returns the action and
// the number of instructions that it took. The error is not nil if p does what
// the kernel refuses to load, or uses an instruction that no generator
// emits.
func Run(p Program, call syscalls.Data) (action syscalls.Action, steps int, err error) {
	return trace(p, call, func(int, bool) {})
}

// trace is [Run] and reports each instruction with whether it jumped by JT.
func trace(p Program, call syscalls.Data, visit func(index int, jumped bool)) (syscalls.Action, int, error) {
	var accumulator uint32
	next := 0
	// Jumps only go forward, so this ends.
	for steps := 1; next < len(p); steps++ {
		index := next
		in := p[index]
		next++
		var jumped bool
		switch in.Code {
		case opReturn:
			visit(index, false)
			return syscalls.Action(in.K), steps, nil
		case opLoad:
			word, ok := wordOf(call, in.K)
			if !ok {
				return 0, steps, fmt.Errorf("seccomp: instruction %d loads from byte %d", index, in.K)
			}
			accumulator = word
			visit(index, false)
			continue
		case opAnd:
			accumulator &= in.K
			visit(index, false)
			continue
		case opJump:
			if in.K >= uint32(len(p)) {
				return 0, steps, fmt.Errorf("seccomp: instruction %d jumps out of the program", index)
			}
			next += int(in.K)
			visit(index, false)
			continue
		case opJumpEqual, opJumpAbove, opJumpAtLeast, opJumpAnyBit:
			jumped = in.jumps(accumulator)
		default:
			return 0, steps, fmt.Errorf("seccomp: instruction %d has operation %#x", index, in.Code)
		}
		if jumped {
			next += int(in.JT)
		} else {
			next += int(in.JF)
		}
		visit(index, jumped)
	}
	return 0, 0, fmt.Errorf("seccomp: the program runs past its %d instructions", len(p))
}

// wordOf returns the 32-bit word of struct seccomp_data at offset, in bytes, and
// whether one begins there.
func wordOf(d syscalls.Data, offset uint32) (uint32, bool) {
	switch {
	case offset >= dataSize || offset%4 != 0:
		return 0, false
	case offset == offsetNumber:
		return d.Number, true
	case offset == offsetArch:
		return uint32(d.Arch), true
	case offset < offsetArgs:
		return half(d.InstructionPointer, offset-offsetInstructionPointer), true
	}
	return half(d.Args[(offset-offsetArgs)/8], (offset-offsetArgs)%8), true
}

// half returns the low half of value for offset 0, the high half for 4.
func half(value uint64, offset uint32) uint32 {
	return uint32(value >> (8 * offset))
}
