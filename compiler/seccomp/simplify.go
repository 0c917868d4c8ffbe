package seccomp

import "math"

// simplify returns a program that answers like p with no more instructions: without
// branches that make no difference or that what came before has decided, words that nothing looks at, and
// jumps to jumps. origins are the places in p of the instructions that are left.
//
// libseccomp asks for every number, also among neighbours with the same answer, and
// compares halves of arguments of which it masks every bit.
func simplify(p Program) (simplified Program, origins []int) {
	origins = make([]int, len(p))
	for i := range p {
		origins[i] = i
	}
	for {
		before := len(p)
		p = decideBranches(p)
		thread(p)
		kept := needed(p)
		left := origins[:0:0]
		for i, keep := range kept {
			if keep {
				left = append(left, origins[i])
			}
		}
		p, origins = keepOnly(p, kept), left
		if len(p) == before {
			return p, origins
		}
	}
}

// A bound is the values that A may have: from low to high, and none if nothing leads
// here.
type bound struct {
	low, high uint32
	reached   bool
}

var anything = bound{0, math.MaxUint32, true}

// or is what A may be after either.
func (b bound) or(other bound) bound {
	switch {
	case !b.reached:
		return other
	case !other.reached:
		return b
	}
	return bound{min(b.low, other.low), max(b.high, other.high), true}
}

// branch returns what A may be where in jumps by JT and where it jumps by JF.
func (b bound) branch(in Instruction) (yes, no bound) {
	yes, no = b, b
	switch in.Code {
	case opJumpEqual:
		yes.low, yes.high = max(b.low, in.K), min(b.high, in.K)
		switch in.K {
		case b.low:
			no.low++
			no.reached = b.low < b.high
		case b.high:
			no.high--
		}
	case opJumpAbove:
		yes.low, no.high = max(b.low, in.K), min(b.high, in.K)
		if yes.low == in.K {
			yes.low++
			yes.reached = in.K < math.MaxUint32
		}
	case opJumpAtLeast:
		yes.low, no.high = max(b.low, in.K), min(b.high, in.K)
		if no.high == in.K {
			no.high--
			no.reached = in.K > 0
		}
	case opJumpAnyBit:
		if b.low == b.high {
			yes.reached, no.reached = b.low&in.K != 0, b.low&in.K == 0
		}
	}
	yes.reached = yes.reached && yes.low <= yes.high
	no.reached = no.reached && no.low <= no.high
	return yes, no
}

// decideBranches makes jumps of the branches that always go one way.
func decideBranches(p Program) Program {
	decided := append(Program(nil), p...)
	bounds := make([]bound, len(p))
	bounds[0] = anything
	lead := func(target int, b bound) { bounds[target] = bounds[target].or(b) }
	// Jumps only go forward: whatever leads to an instruction comes before it.
	for i, in := range p {
		b := bounds[i]
		if !b.reached {
			continue
		}
		switch {
		case in.branches():
			yes, no := b.branch(in)
			same := in.JT == in.JF || sameReturn(p[i+1+int(in.JT)], p[i+1+int(in.JF)])
			switch {
			case !no.reached || same:
				decided[i] = Instruction{Code: opJump, K: uint32(in.JT)}
			case !yes.reached:
				decided[i] = Instruction{Code: opJump, K: uint32(in.JF)}
			}
			if same {
				yes, no = b, bound{}
			}
			lead(i+1+int(in.JT), yes)
			lead(i+1+int(in.JF), no)
		case in.Code == opJump:
			lead(i+1+int(in.K), b)
		case in.Code == opLoad:
			lead(i+1, anything)
		case in.Code == opAnd:
			lead(i+1, bound{0, min(b.high, in.K), true})
		}
	}
	return decided
}

func sameReturn(a, b Instruction) bool { return a == b && a.Code == opReturn }

// thread sends jumps to where the unconditional jumps that they lead to end, as far as
// they reach.
func thread(p Program) {
	end := func(target int) int {
		for p[target].Code == opJump {
			target += 1 + int(p[target].K)
		}
		return target
	}
	for i, in := range p {
		if in.Code == opJump {
			p[i].K = uint32(end(i) - i - 1)
		}
		if !in.branches() {
			continue
		}
		for _, skip := range []*uint8{&p[i].JT, &p[i].JF} {
			if distance := end(i+1+int(*skip)) - i - 1; distance <= farthest {
				*skip = uint8(distance)
			}
		}
	}
}

// needed says of each instruction whether leaving it out would make a difference: it
// is reached, it is no jump to the next one, and it sets no A that nothing looks at.
func needed(p Program) []bool {
	kept := reachable(p)
	looked := make([]bool, len(p)+1) // whether A is looked at from here on
	for i := len(p) - 1; i >= 0; i-- {
		in := p[i]
		switch {
		case in.branches():
			looked[i] = true
		case in.Code == opJump:
			looked[i] = looked[i+1+int(in.K)]
			kept[i] = kept[i] && in.K > 0
		case in.Code == opLoad:
			kept[i] = kept[i] && looked[i+1]
		case in.Code == opAnd:
			looked[i] = looked[i+1]
			kept[i] = kept[i] && looked[i+1]
		}
	}
	return kept
}
