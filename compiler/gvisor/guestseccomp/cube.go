package guestseccomp

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"confine/policy/syscalls"
)

// A cube is the arguments of a call whose bits under masks are values: what one entry
// can match. The zero cube is all arguments.
type cube struct {
	masks, values [6]uint64
}

// only are the arguments whose argument arg has value under mask.
func only(arg int, mask, value uint64) cube {
	var c cube
	c.masks[arg], c.values[arg] = mask, value&mask
	return c
}

// and gives the arguments that both have, and whether there are any.
func (c cube) and(other cube) (cube, bool) {
	for arg := range c.masks {
		if (c.values[arg]^other.values[arg])&c.masks[arg]&other.masks[arg] != 0 {
			return cube{}, false
		}
		c.masks[arg] |= other.masks[arg]
		c.values[arg] |= other.values[arg]
	}
	return c, true
}

// contains reports whether c has all arguments of other.
func (c cube) contains(other cube) bool {
	for arg, mask := range c.masks {
		if mask&^other.masks[arg] != 0 || (c.values[arg]^other.values[arg])&mask != 0 {
			return false
		}
	}
	return true
}

// args are the conditions of an entry that matches the cube.
func (c cube) args() []specs.LinuxSeccompArg {
	var args []specs.LinuxSeccompArg
	for arg, mask := range c.masks {
		if mask != 0 {
			args = append(args, specs.LinuxSeccompArg{
				Index: uint(arg), Value: mask, ValueTwo: c.values[arg], Op: specs.OpMaskedEqual,
			})
		}
	}
	return args
}

// A union is the arguments of any of its cubes.
type union []cube

// with adds a cube and drops those that another contains.
func (u union) with(c cube) union {
	kept := make(union, 0, len(u)+1)
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

// and gives the arguments that both have. It fails where that takes more than maxEntries.
func (u union) and(other union) (union, bool) {
	var out union
	for _, x := range u {
		for _, y := range other {
			if both, ok := x.and(y); ok {
				out = out.with(both)
			}
			if len(out) > maxEntries {
				return nil, false
			}
		}
	}
	return out, true
}

// allOf gives the arguments for which all tests hold, unless that takes too many cubes.
func allOf(tests []syscalls.Test) (union, bool) {
	all := union{cube{}}
	for _, t := range tests {
		yes, _ := split(t)
		both, ok := all.and(yes)
		if !ok {
			return nil, false
		}
		all = both
	}
	return all, true
}

// anyFails gives the arguments for which a test does not hold.
func anyFails(tests []syscalls.Test) union {
	var fails union
	for _, t := range tests {
		_, no := split(t)
		for _, c := range no {
			fails = fails.with(c)
		}
	}
	return fails
}

// split gives the arguments for which a test holds, and those for which it does not.
func split(t syscalls.Test) (yes, no union) {
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
		no = union{only(t.Arg, t.Bits(), 0)}
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
func listed(arg int, mask uint64, values []syscalls.Constant) (in, out union) {
	for _, v := range values {
		in = in.with(only(arg, mask, v.Value))
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
func atLeast(arg int, mask, value uint64) (from, below union) {
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
