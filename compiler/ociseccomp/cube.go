package ociseccomp

import (
	"math/bits"

	"confine/policy/syscalls"
)

// A cube is the arguments of a call whose bits under masks are values: what one entry
// of the JSON can match. The zero cube is all arguments.
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

// A union is the arguments of any of its cubes.
type union []cube

// and gives the arguments that both have. It fails where that takes more cubes than
// anybody should load.
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

// holding gives the arguments of which a test holds, and those of which it does not.
func holding(t syscalls.Test) (yes, no union, ok bool) {
	mask := t.Width.Mask()
	if t.Mask != 0 {
		mask &= t.Mask
	}
	switch t.Op {
	case syscalls.OneOf, syscalls.NoneOf:
		for _, v := range t.Values {
			yes = yes.with(only(t.Arg, mask, v.Value))
		}
		no, ok = outside(t.Arg, mask, t.Values)
		if t.Op == syscalls.NoneOf {
			yes, no = no, yes
		}
		return yes, no, ok
	case syscalls.AnyBit:
		for set := t.Bits(); set != 0; set &= set - 1 {
			bit := set & -set
			yes = append(yes, only(t.Arg, bit, bit))
		}
		return yes, union{only(t.Arg, t.Bits(), 0)}, true
	case syscalls.Less:
		no, yes = atLeast(t.Arg, mask, t.Values[0].Value)
	case syscalls.LessOrEqual:
		no, yes = atLeast(t.Arg, mask, t.Values[0].Value+1)
	case syscalls.Greater:
		yes, no = atLeast(t.Arg, mask, t.Values[0].Value+1)
	default:
		yes, no = atLeast(t.Arg, mask, t.Values[0].Value)
	}
	return yes, no, true
}

// outside gives the arguments that are none of values under mask: those that first
// differ from all of them at some bit, seen from the top.
func outside(arg int, mask uint64, values []syscalls.Constant) (union, bool) {
	var out union
	prefixes := map[uint64]bool{0: true}
	seen := uint64(0)
	for top := mask; top != 0; top &^= 1 << (63 - bits.LeadingZeros64(top)) {
		bit := uint64(1) << (63 - bits.LeadingZeros64(top))
		seen |= bit
		next := map[uint64]bool{}
		for _, v := range values {
			next[v.Value&seen] = true
		}
		for _, prefix := range sortedKeys(prefixes) {
			for _, candidate := range []uint64{prefix, prefix | bit} {
				if !next[candidate] {
					out = append(out, only(arg, seen, candidate))
				}
			}
		}
		if len(out) > maxEntries {
			return nil, false
		}
		prefixes = next
	}
	return out, true
}

// atLeast gives the arguments from value on, without a sign, and those below. mask is
// the low bits that count.
func atLeast(arg int, mask, value uint64) (from, below union) {
	for set := mask; set != 0; set &^= 1 << (63 - bits.LeadingZeros64(set)) {
		bit := uint64(1) << (63 - bits.LeadingZeros64(set))
		above := mask &^ (bit - 1) // this bit and those over it
		if value&bit == 0 {
			from = append(from, only(arg, above, value|bit))
		} else {
			below = append(below, only(arg, above, value&^bit))
		}
	}
	return append(from, only(arg, mask, value)), below
}
