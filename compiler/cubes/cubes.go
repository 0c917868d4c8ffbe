// Package cubes computes with the arguments of system calls, as sets of what entries that
// compare under masks can match: the one form that every engine of seccomp compiles right.
package cubes

import (
	"maps"
	"math/bits"
	"slices"

	"confine/policy/syscalls"
)

// A Cube is the arguments of a call whose bits under masks are values: what one entry
// can match. The zero Cube is all arguments.
type Cube struct {
	Masks, Values [6]uint64
}

// only are the arguments whose argument arg has value under mask.
func only(arg int, mask, value uint64) Cube {
	var c Cube
	c.Masks[arg], c.Values[arg] = mask, value&mask
	return c
}

// And gives the arguments that both have, and whether there are any.
func (c Cube) And(other Cube) (Cube, bool) {
	for arg := range c.Masks {
		if (c.Values[arg]^other.Values[arg])&c.Masks[arg]&other.Masks[arg] != 0 {
			return Cube{}, false
		}
		c.Masks[arg] |= other.Masks[arg]
		c.Values[arg] |= other.Values[arg]
	}
	return c, true
}

// contains reports whether c has all arguments of other.
func (c Cube) contains(other Cube) bool {
	for arg, mask := range c.Masks {
		if mask&^other.Masks[arg] != 0 || (c.Values[arg]^other.Values[arg])&mask != 0 {
			return false
		}
	}
	return true
}

// A Union is the arguments of any of its cubes.
type Union []Cube

// With adds a Cube and drops those that another contains.
func (u Union) With(c Cube) Union {
	kept := make(Union, 0, len(u)+1)
	for _, other := range u {
		if other.contains(c) {
			return u
		}
		if !c.contains(other) {
			kept = append(kept, other)
		}
	}
	return append(kept, c)
}

// And gives the arguments that both have. It fails where that takes more than most cubes.
func (u Union) And(other Union, most int) (Union, bool) {
	var out Union
	for _, x := range u {
		for _, y := range other {
			if both, ok := x.And(y); ok {
				out = out.With(both)
			}
			if len(out) > most {
				return nil, false
			}
		}
	}
	return out, true
}

// Split gives the arguments for which a test holds, and those for which it does not.
func Split(t syscalls.Test) (yes, no Union) {
	mask := t.Width.Mask()
	if t.Mask != 0 {
		mask &= t.Mask
	}
	first := t.Values[0].Value
	switch t.Op {
	case syscalls.OneOf:
		return listed(t.Arg, mask, t.Values)
	case syscalls.NoneOf:
		no, yes = listed(t.Arg, mask, t.Values)
	case syscalls.AnyBit:
		for set := t.Bits(); set != 0; set &= set - 1 {
			yes = append(yes, only(t.Arg, set&-set, set))
		}
		no = Union{only(t.Arg, t.Bits(), 0)}
	case syscalls.Less:
		no, yes = atLeast(t.Arg, mask, first)
	case syscalls.LessOrEqual:
		no, yes = atLeast(t.Arg, mask, first+1)
	case syscalls.Greater:
		yes, no = atLeast(t.Arg, mask, first+1)
	case syscalls.GreaterOrEqual:
		yes, no = atLeast(t.Arg, mask, first)
	}
	return yes, no
}

// listed gives the arguments that are one of values under mask, and those that are none:
// the latter differ from all of them at some bit first, seen from the top.
func listed(arg int, mask uint64, values []syscalls.Constant) (in, out Union) {
	for _, v := range values {
		in = in.With(only(arg, mask, v.Value))
	}
	begun := []uint64{0} // what values have in the bits that were seen
	seen := uint64(0)
	for bit := range downwards(mask) {
		seen |= bit
		longer := map[uint64]bool{}
		for _, v := range values {
			longer[v.Value&seen] = true
		}
		for _, prefix := range begun {
			for _, candidate := range []uint64{prefix, prefix | bit} {
				if !longer[candidate] {
					out = append(out, only(arg, seen, candidate))
				}
			}
		}
		begun = slices.Sorted(maps.Keys(longer))
	}
	return in, out
}

// atLeast gives the arguments from value on, without a sign, and those below. mask is the
// low bits that count.
func atLeast(arg int, mask, value uint64) (from, below Union) {
	for bit := range downwards(mask) {
		above := mask &^ (bit - 1) // this bit and those over it
		if value&bit == 0 {
			from = append(from, only(arg, above, value|bit))
		} else {
			below = append(below, only(arg, above, value&^bit))
		}
	}
	return append(from, only(arg, mask, value)), below
}

// downwards yields the bits of mask, the highest first.
func downwards(mask uint64) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for mask != 0 {
			bit := uint64(1) << (bits.Len64(mask) - 1)
			if !yield(bit) {
				return
			}
			mask &^= bit
		}
	}
}
