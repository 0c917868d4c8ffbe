package seccomp

import (
	"fmt"
	"maps"
	"slices"

	"confine/policy/syscalls"
)

// A look is a comparison of a word of the arguments, less the bits outside mask, with a
// constant.
type look struct{ offset, mask, constant uint32 }

// looksOf returns what p compares on any path that calls of number can take.
func looksOf(p Program, arch syscalls.Arch, number uint32) []look {
	if !looksAtArguments(p, arch, number) {
		return nil
	}
	type state struct {
		index        int
		offset, mask uint32 // of what is in A
	}
	found := map[look]bool{}
	seen := map[state]bool{}
	var follow func(s state)
	follow = func(s state) {
		for !seen[s] {
			seen[s] = true
			in := p[s.index]
			switch {
			case in.Code == opReturn:
				return
			case in.Code == opLoad:
				s = state{s.index, in.K, allBits}
			case in.Code == opAnd:
				s.mask &= in.K
			case in.Code == opJump:
				s.index += int(in.K)
			case s.offset == offsetArch || s.offset == offsetNumber:
				word, _ := wordOf(syscalls.Data{Number: number, Arch: arch}, s.offset)
				s.index += int(in.JF)
				if in.jumps(word & s.mask) {
					s.index += int(in.JT) - int(in.JF)
				}
			default:
				if s.offset >= offsetArgs {
					found[look{s.offset, s.mask, in.K}] = true
				}
				follow(state{s.index + 1 + int(in.JT), s.offset, s.mask})
				s.index += int(in.JF)
			}
			s.index++
		}
	}
	follow(state{index: 0, mask: allBits})
	return slices.Collect(maps.Keys(found))
}

// looksAtArguments reports whether p loads an argument for calls of number: up to there
// they all take one path.
func looksAtArguments(p Program, arch syscalls.Arch, number uint32) bool {
	looks := false
	_, _, err := trace(p, syscalls.Data{Number: number, Arch: arch}, func(index int, _ bool) {
		looks = looks || p[index].Code == opLoad && p[index].K >= offsetInstructionPointer
	})
	return looks || err != nil
}

// addLooks adds points on both sides of each constant of looks that points have none
// for, and returns whether there was one. A program that does what its filter says
// looks for little else than what the filter compares.
func addLooks(points *[6][]uint64, looks []look) (added bool) {
	var halves [6][2]map[uint32]bool
	for arg := range halves {
		for i := range halves[arg] {
			halves[arg][i] = map[uint32]bool{}
		}
	}
	for _, l := range looks {
		arg, i := (l.offset-offsetArgs)/8, (l.offset-offsetArgs)%8/4
		known := slices.ContainsFunc(points[arg], func(point uint64) bool {
			return half(point, 4*i)&l.mask == l.constant
		})
		for _, near := range []uint32{l.constant - 1, l.constant + 1} {
			known = known && slices.ContainsFunc(points[arg], func(point uint64) bool { return half(point, 4*i)&l.mask == near })
		}
		if known {
			continue
		}
		added = true
		for _, near := range []uint32{l.constant - 1, l.constant, l.constant + 1, l.constant | ^l.mask} {
			halves[arg][i][near] = true
		}
	}
	for arg, of := range halves {
		if len(of[0])+len(of[1]) == 0 {
			continue
		}
		set := map[uint64]bool{}
		of[0][0], of[0][^uint32(0)], of[1][0] = true, true, true
		for _, point := range points[arg] {
			set[point] = true
			of[1][uint32(point>>32)] = true
		}
		for high := range of[1] {
			for low := range of[0] {
				set[uint64(high)<<32|uint64(low)] = true
			}
		}
		points[arg] = slices.Sorted(maps.Keys(set))
	}
	return added
}

// A deeperPoint is a call for which the filter's own points are not enough.
type deeperPoint struct {
	number uint32
	points [6][]uint64
}

// deeperPoints returns the calls for which p looks at arguments in other ways than f. The
// error is one that takes too many points to prove.
func deeperPoints(f syscalls.Filter, p Program) ([]deeperPoint, error) {
	for _, rule := range f.Rules {
		if n := countCombinations(boundaryPoints(rule)); n > maxProofPoints {
			return nil, fmt.Errorf("seccomp: %s: its conditions take %d points to prove, the limit is %d", rule.Name, n, maxProofPoints)
		}
	}
	var deeper []deeperPoint
	for _, number := range proofNumbers(f.Arch, p) {
		looks := looksOf(p, f.Arch, number)
		if len(looks) == 0 {
			continue
		}
		rule, _ := f.Rule(number)
		points := boundaryPoints(rule)
		if !addLooks(&points, looks) {
			continue
		}
		if n := countCombinations(points); n > maxProofPoints {
			return nil, fmt.Errorf("seccomp: the program compares arguments of call %d in other ways than the filter: "+
				"that takes %d points to prove, the limit is %d", number, n, maxProofPoints)
		}
		deeper = append(deeper, deeperPoint{number, points})
	}
	return deeper, nil
}

// looksBeyond reports whether p loads anything but the architecture of a call of arch.
func looksBeyond(p Program, arch syscalls.Arch) bool {
	beyond := false
	_, _, err := trace(p, syscalls.Data{Arch: arch}, func(index int, _ bool) {
		beyond = beyond || p[index].Code == opLoad && p[index].K != offsetArch
	})
	return beyond || err != nil
}
