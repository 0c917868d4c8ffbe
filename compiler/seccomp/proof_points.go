package seccomp

import (
	"iter"
	"maps"
	"slices"

	"confine/policy/syscalls"
)

// proofCalls yields the calls that [Prove] tries.
func proofCalls(f syscalls.Filter, p Program, deeper []deeperPoint) iter.Seq[syscalls.Data] {
	return func(yield func(syscalls.Data) bool) {
		witnessing := witnesses(f)
		for _, number := range proofNumbers(f.Arch, p) {
			for _, args := range witnessing {
				if !yield(syscalls.Data{Number: number, Arch: f.Arch, InstructionPointer: args[5], Args: args}) {
					return
				}
			}
		}
		for _, rule := range f.Rules {
			for args := range proofArgs(rule) {
				if !yield(syscalls.Data{Number: rule.Number, Arch: f.Arch, Args: args}) {
					return
				}
			}
		}
		for _, d := range deeper {
			for args := range combinations(d.points) {
				if !yield(syscalls.Data{Number: d.number, Arch: f.Arch, Args: args}) {
					return
				}
			}
		}
		for _, arch := range foreignArches(f.Arch) {
			if !yield(syscalls.Data{Arch: arch}) {
				return
			}
		}
	}
}

// witnesses returns all zeros, all ones, and for every case of every rule
// arguments that it applies to, if the boundary points have such.
func witnesses(f syscalls.Filter) [][6]uint64 {
	witnesses := [][6]uint64{filled(0), filled(^uint64(0))}
	// Rules that look at the same arguments in the same way share theirs.
	known := map[[6]uint64]bool{witnesses[0]: true, witnesses[1]: true}
	for _, rule := range f.Rules {
		reached := map[int]bool{}
		for args := range proofArgs(rule) {
			// -1, for Otherwise, is a case like the others.
			index := slices.IndexFunc(rule.Cases, func(c syscalls.Case) bool { return c.Applies(args) })
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
func proofNumbers(arch syscalls.Arch, p Program) []uint32 {
	numbers := map[uint32]bool{}
	for number := range arch.Newest() + 65 {
		numbers[number] = true
		numbers[syscalls.X32Bit|number] = true
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
func foreignArches(native syscalls.Arch) []syscalls.Arch {
	foreign := map[syscalls.Arch]bool{syscalls.I386: true, syscalls.ARM: true, syscalls.X86_64: true, syscalls.AArch64: true, 0: true, ^syscalls.Arch(0): true}
	for bit := range 32 {
		foreign[native^(1<<bit)] = true
	}
	delete(foreign, native)
	return slices.Sorted(maps.Keys(foreign))
}

// proofArgs yields the arguments to try on r.
func proofArgs(r syscalls.Rule) iter.Seq[[6]uint64] {
	if len(r.Cases) == 0 {
		return func(func([6]uint64) bool) {}
	}
	return combinations(boundaryPoints(r))
}

// combinations yields each point of an argument with each of the others. Arguments
// without points are all zeros, then all ones.
func combinations(points [6][]uint64) iter.Seq[[6]uint64] {
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
		_ = combine(filled(0), 0) && combine(filled(^uint64(0)), 0)
	}
}

// countCombinations returns how many arguments combinations yields, cut off above
// maxProofPoints so that it cannot overflow.
func countCombinations(all [6][]uint64) int {
	count := 2
	for _, points := range all {
		if len(points) > 0 && count <= maxProofPoints {
			count *= len(points)
		}
	}
	return count
}

// boundaryPoints returns the values to try for each argument that r looks at,
// and nil for the others.
func boundaryPoints(r syscalls.Rule) [6][]uint64 {
	var sets [6]map[uint64]bool
	for _, c := range r.Cases {
		for _, test := range c.When {
			if sets[test.Arg] == nil {
				sets[test.Arg] = map[uint64]bool{}
			}
			addBoundaryPoints(test, sets[test.Arg])
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

func addBoundaryPoints(t syscalls.Test, points map[uint64]bool) {
	const highHalf = 0xffffffff << 32
	for _, v := range []uint64{0, 1 << 31, 0xffffffff, 1 << 32, highHalf, ^uint64(0)} {
		points[v] = true
	}
	if t.Op == syscalls.AnyBit {
		bits := t.Bits()
		points[bits], points[^bits], points[bits|highHalf] = true, true, true
		for bit := range 64 {
			points[1<<bit] = true
		}
		return
	}
	// A mask may be wrong in any one bit.
	masked := t.Mask != 0 || t.Width == syscalls.Low16
	for _, constant := range t.Values {
		v := constant.Value
		for _, near := range []uint64{v - 1, v, v + 1, ^v, v ^ 1<<31, v ^ 1<<32, v ^ 1<<63, v | highHalf, v &^ highHalf} {
			points[near] = true
		}
		for bit := range 64 {
			if masked {
				points[v^1<<bit] = true
			}
		}
		if t.Mask != 0 {
			points[v|^t.Mask] = true
		}
	}
}

// filled returns six arguments that are all value.
func filled(value uint64) [6]uint64 {
	return [6]uint64{value, value, value, value, value, value}
}
