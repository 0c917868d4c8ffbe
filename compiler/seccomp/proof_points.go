package seccomp

import (
	"iter"
	"maps"
	"slices"
)

// proofCalls yields the calls that [Prove] tries.
func proofCalls(f Filter, p Program) iter.Seq[Data] {
	return func(yield func(Data) bool) {
		witnesses := f.witnesses()
		for _, number := range proofNumbers(f.Arch, p) {
			for _, args := range witnesses {
				if !yield(Data{Number: number, Arch: f.Arch, InstructionPointer: args[5], Args: args}) {
					return
				}
			}
		}
		for _, rule := range f.Rules {
			for args := range rule.proofArgs() {
				if !yield(Data{Number: rule.Number, Arch: f.Arch, Args: args}) {
					return
				}
			}
		}
		for _, arch := range foreignArches(f.Arch) {
			for number := range f.Arch.newest() + 64 {
				if !yield(Data{Number: number, Arch: arch}) {
					return
				}
			}
		}
	}
}

// witnesses returns all zeros, all ones, and for every case of every rule
// arguments that it applies to, if the boundary points have such.
func (f Filter) witnesses() [][6]uint64 {
	witnesses := [][6]uint64{filled(0), filled(^uint64(0))}
	// Rules that look at the same arguments in the same way share theirs.
	known := map[[6]uint64]bool{witnesses[0]: true, witnesses[1]: true}
	for _, rule := range f.Rules {
		reached := map[int]bool{}
		for args := range rule.proofArgs() {
			// -1, for Otherwise, is a case like the others.
			index := slices.IndexFunc(rule.Cases, func(c Case) bool { return c.applies(args) })
			if !reached[index] {
				reached[index] = true
				if !known[args] {
					known[args] = true
					witnesses = append(witnesses, args)
				}
			}
		}
	}
	return witnesses
}

// proofNumbers returns the numbers to try on arch itself, in order.
func proofNumbers(arch Arch, p Program) []uint32 {
	numbers := map[uint32]bool{}
	for number := range arch.newest() + 65 {
		numbers[number] = true
		numbers[x32Bit|number] = true
	}
	constants := []uint32{1 << 31, ^uint32(0)}
	for _, in := range p {
		constants = append(constants, in.K)
	}
	for _, constant := range constants {
		numbers[constant-1], numbers[constant], numbers[constant+1] = true, true, true
	}
	return slices.Sorted(maps.Keys(numbers))
}

// foreignArches returns architectures that are not native: those that a kernel
// of either architecture also answers to, and the nearest neighbours of native.
func foreignArches(native Arch) []Arch {
	foreign := map[Arch]bool{archI386: true, archARM: true, X86_64: true, AArch64: true, 0: true, ^Arch(0): true}
	for bit := range 32 {
		foreign[native^(1<<bit)] = true
	}
	delete(foreign, native)
	return slices.Sorted(maps.Keys(foreign))
}

// proofArgs yields the arguments to try on r.
func (r Rule) proofArgs() iter.Seq[[6]uint64] {
	points := r.boundaryPoints()
	return func(yield func([6]uint64) bool) {
		var combine func(args [6]uint64, arg int) bool
		combine = func(args [6]uint64, arg int) bool {
			if arg == len(args) {
				return yield(args)
			}
			if points[arg] == nil {
				return combine(args, arg+1)
			}
			for _, point := range points[arg] {
				args[arg] = point
				if !combine(args, arg+1) {
					return false
				}
			}
			return true
		}
		if len(r.Cases) > 0 {
			_ = combine(filled(0), 0) && combine(filled(^uint64(0)), 0)
		}
	}
}

// proofPoints returns how many arguments proofArgs yields, cut off above
// maxProofPoints so that it cannot overflow.
func (r Rule) proofPoints() int {
	count := 2
	for _, points := range r.boundaryPoints() {
		if len(points) > 0 && count <= maxProofPoints {
			count *= len(points)
		}
	}
	return count
}

// boundaryPoints returns the values to try for each argument that r looks at,
// and nil for the others.
func (r Rule) boundaryPoints() [6][]uint64 {
	var sets [6]map[uint64]bool
	for _, c := range r.Cases {
		for _, condition := range c.When {
			if sets[condition.Arg] == nil {
				sets[condition.Arg] = map[uint64]bool{}
			}
			condition.addBoundaryPoints(sets[condition.Arg])
		}
	}
	var points [6][]uint64
	for arg, set := range sets {
		if set != nil {
			points[arg] = slices.Sorted(maps.Keys(set))
		}
	}
	return points
}

func (c Condition) addBoundaryPoints(points map[uint64]bool) {
	const highHalf = 0xffffffff << 32
	for _, v := range []uint64{0, 1 << 31, 0xffffffff, 1 << 32, highHalf, ^uint64(0)} {
		points[v] = true
	}
	for _, constant := range c.Equals {
		v := constant.Value
		for _, near := range []uint64{v - 1, v, v + 1, ^v, v ^ 1<<31, v ^ 1<<32, v ^ 1<<63, v | highHalf, v &^ highHalf} {
			points[near] = true
		}
	}
	if bits := c.bits(); bits != 0 {
		points[bits], points[^bits], points[bits|highHalf] = true, true, true
		for bit := range 64 {
			points[1<<bit] = true
		}
	}
}

// filled returns six arguments that are all value.
func filled(value uint64) [6]uint64 {
	return [6]uint64{value, value, value, value, value, value}
}
