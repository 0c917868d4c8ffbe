package seccomp

import (
	"fmt"
	"sort"

	"confine/policy/syscalls"
)

// A numberRange is system call numbers from first to last.
type numberRange struct{ first, last uint32 }

// numbersBelowX32 are those that get past libseccomp's check for x32. Its tree takes
// the others for what they are: numbers without a name.
var numbersBelowX32 = numberRange{0, syscalls.X32Bit - 1}

// header answers calls of other architectures. It leaves the number in A to what
// follows.
func header(f syscalls.Filter) Program {
	return Program{
		{Code: opLoad, K: offsetArch},
		{Code: opJumpEqual, JT: 1, K: uint32(f.Arch)},
		{Code: opReturn, K: uint32(f.Foreign)},
		{Code: opLoad, K: offsetNumber},
	}
}

// enter takes the beginning off p, which libseccomp wrote: what the architecture that
// it wrote p for and the numbers alone decide. The rest has the word at offset loaded
// in A, or loads it itself; for offsetArgs that is any word of the arguments.
func enter(p Program, numbers numberRange, offset uint32) (Program, error) {
	loaded := uint32(dataSize) // the word in A: none yet
	index := 0
	for index < len(p) {
		in := p[index]
		switch {
		case in.Code == opLoad && in.K >= offsetArgs:
			if offset < offsetArgs {
				return nil, fmt.Errorf("instruction %d loads from byte %d before the number is known", index, in.K)
			}
			return prune(p[index:]), nil
		case in.Code == opLoad:
			loaded = in.K
			index++
		case in.Code == opJump:
			index += 1 + int(in.K)
		case in.Code == opReturn:
			return Program{in}, nil
		case in.branches():
			yes, decided := decide(in, loaded, numbers)
			switch {
			case !decided && loaded == offset:
				return prune(p[index:]), nil
			case !decided:
				return nil, fmt.Errorf("instruction %d depends on the word at byte %d", index, loaded)
			case yes:
				index += 1 + int(in.JT)
			default:
				index += 1 + int(in.JF)
			}
		default:
			return nil, fmt.Errorf("instruction %d has operation %#x", index, in.Code)
		}
	}
	return nil, fmt.Errorf("the program of %d instructions runs past its end", len(p))
}

// decide returns whether a branch jumps for all numbers alike, and if so, whether it
// does. libseccomp looks at the architecture in one way: whether it is its own.
func decide(in Instruction, loaded uint32, numbers numberRange) (yes, decided bool) {
	switch {
	case loaded == offsetArch && in.Code == opJumpEqual:
		return true, true
	case loaded != offsetNumber || in.Code == opJumpAnyBit:
		return false, false
	}
	yes = in.jumps(numbers.first)
	// A comparison for equality can be false at both ends and true between.
	between := in.Code == opJumpEqual && numbers.first < in.K && in.K < numbers.last
	return yes, yes == in.jumps(numbers.last) && !between
}

// link joins pieces after a head. A placeholder for step i becomes a jump to
// pieces[i+1]. Lengths are how many instructions of each piece are in the program.
func link(head Program, pieces []Program) (program Program, lengths []int) {
	program = append(program, head...)
	starts := make([]int, len(pieces))
	for i, piece := range pieces {
		starts[i] = len(program)
		program = append(program, piece...)
	}
	for i, in := range program {
		if step, ok := placeheld(syscalls.Action(in.K)); ok && in.Code == opReturn && i >= len(head) {
			program[i] = Instruction{Code: opJump, K: uint32(starts[step+1] - i - 1)}
		}
	}
	simplified, origins := simplify(program)
	lengths = make([]int, len(pieces))
	for _, origin := range origins {
		if piece := sort.SearchInts(starts, origin+1) - 1; piece >= 0 {
			lengths[piece]++
		}
	}
	return simplified, lengths
}

// prune leaves out what nothing reaches.
func prune(p Program) Program { return keepOnly(p, reachable(p)) }

// reachable says of each instruction whether one that is reached leads to it, the first
// being reached.
func reachable(p Program) []bool {
	reached := make([]bool, len(p))
	reached[0] = true
	// Jumps only go forward.
	for i, in := range p {
		switch {
		case !reached[i] || in.Code == opReturn:
		case in.Code == opJump:
			reached[i+1+int(in.K)] = true
		case in.branches():
			reached[i+1+int(in.JT)], reached[i+1+int(in.JF)] = true, true
		default:
			reached[i+1] = true
		}
	}
	return reached
}

// keepOnly returns the instructions of p that are kept, with their jumps shortened by
// those that are not. A jump to an instruction that is left out goes to the next one.
func keepOnly(p Program, kept []bool) Program {
	place := make([]int, len(p)+1) // of each instruction, in the result
	for i := range p {
		place[i+1] = place[i]
		if kept[i] {
			place[i+1]++
		}
	}
	result := make(Program, 0, place[len(p)])
	for i, in := range p {
		if !kept[i] {
			continue
		}
		distance := func(skip int) int { return place[i+1+skip] - place[i] - 1 }
		switch {
		case in.Code == opJump:
			in.K = uint32(distance(int(in.K)))
		case in.branches():
			in.JT, in.JF = uint8(distance(int(in.JT))), uint8(distance(int(in.JF)))
		}
		result = append(result, in)
	}
	return result
}
