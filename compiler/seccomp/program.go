package seccomp

import (
	"encoding/binary"
	"fmt"
)

// A Program is a filter in classic BPF, ready for seccomp(2).
type Program []Instruction

// An Instruction is struct sock_filter of linux/filter.h. A conditional jump
// skips JT or JF instructions.
type Instruction struct {
	Code   uint16
	JT, JF uint8
	K      uint32
}

// The instructions that a generator uses, ours or libseccomp, and the interpreter
// knows; values of linux/bpf_common.h.
const (
	opLoad        = 0x20 // BPF_LD|BPF_W|BPF_ABS: A = the 32-bit word at byte K of struct seccomp_data
	opAnd         = 0x54 // BPF_ALU|BPF_AND|BPF_K: A &= K
	opJump        = 0x05 // BPF_JMP|BPF_JA: skip K instructions
	opJumpEqual   = 0x15 // BPF_JMP|BPF_JEQ|BPF_K: A == K
	opJumpAbove   = 0x25 // BPF_JMP|BPF_JGT|BPF_K: A > K, unsigned
	opJumpAtLeast = 0x35 // BPF_JMP|BPF_JGE|BPF_K: A >= K, unsigned
	opJumpAnyBit  = 0x45 // BPF_JMP|BPF_JSET|BPF_K: A & K != 0
	opReturn      = 0x06 // BPF_RET|BPF_K
)

// branches reports whether in is a conditional jump.
func (in Instruction) branches() bool {
	switch in.Code {
	case opJumpEqual, opJumpAbove, opJumpAtLeast, opJumpAnyBit:
		return true
	}
	return false
}

// jumps reports whether a conditional jump takes JT when A is accumulator.
func (in Instruction) jumps(accumulator uint32) bool {
	switch in.Code {
	case opJumpEqual:
		return accumulator == in.K
	case opJumpAbove:
		return accumulator > in.K
	case opJumpAtLeast:
		return accumulator >= in.K
	case opJumpAnyBit:
		return accumulator&in.K != 0
	}
	return false
}

// maxInstructions is BPF_MAXINSNS, the longest program that the kernel takes.
const maxInstructions = 4096

// Where the words of struct seccomp_data lie, in bytes.
const (
	offsetNumber             = 0
	offsetArch               = 4
	offsetInstructionPointer = 8
	offsetArgs               = 16
	dataSize                 = 64
)

// offsetLow and offsetHigh locate the halves of a 64-bit argument; the
// architectures of [Arches] are little-endian.
func offsetLow(arg int) uint32  { return offsetArgs + 8*uint32(arg) }
func offsetHigh(arg int) uint32 { return offsetLow(arg) + 4 }

// MarshalBinary returns p as the array of struct sock_filter that seccomp(2)
// takes: eight bytes an instruction, in the little-endian order of the
// architectures of [Arches]. The error is always nil.
func (p Program) MarshalBinary() ([]byte, error) {
	raw := make([]byte, 0, 8*len(p))
	for _, in := range p {
		raw = binary.LittleEndian.AppendUint16(raw, in.Code)
		raw = append(raw, in.JT, in.JF)
		raw = binary.LittleEndian.AppendUint32(raw, in.K)
	}
	return raw, nil
}

// UnmarshalBinary is the inverse of [Program.MarshalBinary]. The error is a length
// that is no number of instructions.
func (p *Program) UnmarshalBinary(raw []byte) error {
	if len(raw)%8 != 0 {
		return fmt.Errorf("seccomp: %d bytes are no program: an instruction has 8", len(raw))
	}
	*p = nil
	for ; len(raw) > 0; raw = raw[8:] {
		*p = append(*p, Instruction{
			Code: binary.LittleEndian.Uint16(raw), JT: raw[2], JF: raw[3], K: binary.LittleEndian.Uint32(raw[4:]),
		})
	}
	return nil
}
