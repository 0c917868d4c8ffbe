package seccomp

import (
	"reflect"

	"confine/policy/syscalls"
)

// generate writes f, which must have passed check, as a program.
//
// The program first turns away foreign architectures. Then it finds the number
// by a binary search over ranges of equal treatment, which takes about log2 of
// their count in steps however long the list is.
func generate(f syscalls.Filter) Program {
	a := newAssembler()
	number := a.load(offsetNumber, allBits, a.search(spansOf(f)))
	foreign := a.answer(f.Foreign)
	a.load(offsetArch, allBits, a.branch(opJumpEqual, uint32(f.Arch), number, foreign))
	return a.program()
}

// A span is a range of numbers that are treated alike: from first to where the
// next span begins.
type span struct {
	first uint32
	// rule is a rule that looks at arguments; without one, action is the answer.
	rule   *syscalls.Rule
	action syscalls.Action
}

// alike reports whether two spans answer every call the same.
func (s span) alike(other span) bool {
	if s.rule == nil || other.rule == nil {
		return s.rule == other.rule && s.action == other.action
	}
	return s.rule.Otherwise == other.rule.Otherwise && reflect.DeepEqual(s.rule.Cases, other.rule.Cases)
}

// spansOf divides all 2^32 numbers into the fewest spans.
func spansOf(f syscalls.Filter) []span {
	rules := make(map[uint32]*syscalls.Rule, len(f.Rules))
	for i := range f.Rules {
		rules[f.Rules[i].Number] = &f.Rules[i]
	}
	var spans []span
	add := func(s span) {
		last := len(spans) - 1
		if last >= 0 && s.alike(spans[last]) {
			return
		}
		spans = append(spans, s)
	}
	for number := range f.Arch.Newest() + 1 {
		rule, ok := rules[number]
		switch {
		case !ok:
			add(span{first: number, action: f.AnswerWithoutRule(number)})
		case len(rule.Cases) == 0:
			add(span{first: number, action: rule.Otherwise})
		default:
			add(span{first: number, rule: rule})
		}
	}
	add(span{first: f.Arch.Newest() + 1, action: f.Unknown})
	return spans
}

// search expects the number in A and finds its span among spans.
func (a *assembler) search(spans []span) label {
	if len(spans) > 1 {
		middle := len(spans) / 2
		upper := a.search(spans[middle:])
		lower := a.search(spans[:middle])
		return a.branch(opJumpAtLeast, spans[middle].first, upper, lower)
	}
	if spans[0].rule == nil {
		return a.answer(spans[0].action)
	}
	return a.rule(*spans[0].rule)
}

// rule tries the cases one after the other; A may hold anything.
func (a *assembler) rule(r syscalls.Rule) label {
	next := a.answer(r.Otherwise)
	for i := len(r.Cases) - 1; i >= 0; i-- {
		c := r.Cases[i]
		place := a.answer(c.Then)
		for j := len(c.When) - 1; j >= 0; j-- {
			place = a.test(c.When[j], place, next)
		}
		next = place
	}
	return next
}

// test goes to yes if t holds and to no if it does not. BPF compares 32 bits, so
// that an argument of 64 is tested in two halves.
func (a *assembler) test(t syscalls.Test, yes, no label) label {
	switch t.Op {
	case syscalls.AnyBit:
		return a.anyBit(t.Arg, t.Bits(), yes, no)
	case syscalls.NoneOf:
		return a.oneOf(t, no, yes)
	case syscalls.Less:
		return a.atLeast(t, t.Values[0].Value, no, yes)
	case syscalls.LessOrEqual:
		return a.atLeast(t, t.Values[0].Value+1, no, yes)
	case syscalls.Greater:
		return a.atLeast(t, t.Values[0].Value+1, yes, no)
	case syscalls.GreaterOrEqual:
		return a.atLeast(t, t.Values[0].Value, yes, no)
	default:
		return a.oneOf(t, yes, no)
	}
}

// relevant is the bits of the halves of an argument that t looks at.
func relevant(t syscalls.Test) (low, high uint32) {
	bits := t.Width.Mask()
	if t.Mask != 0 {
		bits &= t.Mask
	}
	return uint32(bits), uint32(bits >> 32)
}

func (a *assembler) oneOf(t syscalls.Test, yes, no label) label {
	lowBits, highBits := relevant(t)
	next := no
	if highBits == 0 {
		for i := len(t.Values) - 1; i >= 0; i-- {
			next = a.branch(opJumpEqual, uint32(t.Values[i].Value), yes, next)
		}
		return a.load(offsetLow(t.Arg), lowBits, next)
	}
	for i := len(t.Values) - 1; i >= 0; i-- {
		value := t.Values[i].Value
		low := a.load(offsetLow(t.Arg), lowBits, a.branch(opJumpEqual, uint32(value), yes, next))
		next = a.load(offsetHigh(t.Arg), highBits, a.branch(opJumpEqual, uint32(value>>32), low, next))
	}
	return next
}

// atLeast compares without a sign, as the filter does.
func (a *assembler) atLeast(t syscalls.Test, value uint64, yes, no label) label {
	lowBits, highBits := relevant(t)
	low := a.load(offsetLow(t.Arg), lowBits, a.branch(opJumpAtLeast, uint32(value), yes, no))
	if highBits == 0 {
		return low
	}
	high := uint32(value >> 32)
	next := a.branch(opJumpEqual, high, low, no)
	if high < ^uint32(0) {
		next = a.branch(opJumpAtLeast, high+1, yes, next)
	}
	return a.load(offsetHigh(t.Arg), highBits, next)
}

// anyBit needs no width: a half without a bit to look for is not looked at.
func (a *assembler) anyBit(arg int, bits uint64, yes, no label) label {
	next := no
	if low := uint32(bits); low != 0 {
		next = a.load(offsetLow(arg), allBits, a.branch(opJumpAnyBit, low, yes, next))
	}
	if high := uint32(bits >> 32); high != 0 {
		next = a.load(offsetHigh(arg), allBits, a.branch(opJumpAnyBit, high, yes, next))
	}
	return next
}
