package seccomp

import "confine/policy/syscalls"

// An assembler builds a program from its end to its start. BPF jumps only go
// forward, so every target is there before the jump to it, and the distance is
// known when the jump is written.
type assembler struct {
	reversed []Instruction             // the last instruction of the program comes first
	returns  map[syscalls.Action]label // the nearest return of each action
}

// A label is an instruction of a program in the making: its index in reversed.
type label int

// farthest is how many instructions a conditional jump can skip: its offsets
// have eight bits.
const farthest = 255

func newAssembler() *assembler {
	return &assembler{returns: map[syscalls.Action]label{}}
}

// program returns what was assembled, in the order of execution.
func (a *assembler) program() Program {
	program := make(Program, 0, len(a.reversed))
	for i := len(a.reversed) - 1; i >= 0; i-- {
		program = append(program, a.reversed[i])
	}
	return program
}

func (a *assembler) emit(in Instruction) label {
	a.reversed = append(a.reversed, in)
	return label(len(a.reversed) - 1)
}

// skip counts the instructions between the one that is emitted next and target.
func (a *assembler) skip(target label) int {
	return len(a.reversed) - 1 - int(target)
}

// answer returns the place of an instruction that returns action, within reach
// of a conditional jump that is emitted next.
func (a *assembler) answer(action syscalls.Action) label {
	if place, ok := a.returns[action]; ok && a.skip(place) <= farthest {
		return place
	}
	place := a.emit(Instruction{Code: opReturn, K: uint32(action)})
	a.returns[action] = place
	return place
}

// relay puts an instruction in front of everything that does what a jump to
// target would do: the same return, or a jump, whose offset has 32 bits.
func (a *assembler) relay(target label) label {
	if in := a.reversed[target]; in.Code == opReturn {
		return a.answer(syscalls.Action(in.K))
	}
	return a.emit(Instruction{Code: opJump, K: uint32(a.skip(target))})
}

// branch goes to yes if the comparison code of A with k is true, else to no.
func (a *assembler) branch(code uint16, k uint32, yes, no label) label {
	if yes == no {
		return yes
	}
	// A relay for one target moves the other away by one instruction, so both are
	// looked at until both are near. A fresh relay is at most one away: this ends.
	for a.skip(yes) > farthest || a.skip(no) > farthest {
		if a.skip(yes) > farthest {
			yes = a.relay(yes)
		}
		if a.skip(no) > farthest {
			no = a.relay(no)
		}
	}
	return a.emit(Instruction{Code: code, JT: uint8(a.skip(yes)), JF: uint8(a.skip(no)), K: k})
}

// allBits loads a word as it is.
const allBits = ^uint32(0)

// load sets A to the bits of the word of struct seccomp_data at offset and goes on
// at next.
func (a *assembler) load(offset, bits uint32, next label) label {
	// A load has no target, it falls through to what is emitted last.
	if a.skip(next) > 0 {
		a.emit(Instruction{Code: opJump, K: uint32(a.skip(next))})
	}
	if bits != allBits {
		a.emit(Instruction{Code: opAnd, K: bits})
	}
	return a.emit(Instruction{Code: opLoad, K: offset})
}
