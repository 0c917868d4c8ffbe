package seccomp

import (
	"fmt"
	"reflect"
)

// generate writes f, which must have passed check, as a program.
//
// The program first turns away foreign architectures. Then it finds the number
// by a binary search over ranges of equal treatment, which takes about log2 of
// their count in steps however long the list is.
func generate(f Filter) (Program, error) {
	a := newAssembler()
	foreign := a.answer(f.Foreign)
	number := a.load(offsetNumber, a.search(spansOf(f)))
	if a.skip(foreign) > farthest {
		foreign = a.relay(foreign)
	}
	a.load(offsetArch, a.branch(opJumpEqual, uint32(f.Arch), number, foreign))
	program := a.program()
	if len(program) > maxInstructions {
		return nil, fmt.Errorf("seccomp: the filter takes %d instructions, the kernel %d at most", len(program), maxInstructions)
	}
	return program, nil
}

// A span is a range of numbers that are treated alike: from first to where the
// next span begins.
type span struct {
	first uint32
	// rule is a rule that looks at arguments; without one, action is the answer.
	rule   *Rule
	action Action
}

// alike reports whether two spans answer every call the same.
func (s span) alike(other span) bool {
	if s.rule == nil || other.rule == nil {
		return s.rule == other.rule && s.action == other.action
	}
	return s.rule.Otherwise == other.rule.Otherwise && reflect.DeepEqual(s.rule.Cases, other.rule.Cases)
}

// spansOf divides all 2^32 numbers into the fewest spans.
func spansOf(f Filter) []span {
	rules := make(map[uint32]*Rule, len(f.Rules))
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
	for number := range f.Arch.newest() + 1 {
		rule, ok := rules[number]
		switch {
		case !ok:
			add(span{first: number, action: f.answerWithoutRule(number)})
		case len(rule.Cases) == 0:
			add(span{first: number, action: rule.Otherwise})
		default:
			add(span{first: number, rule: rule})
		}
	}
	add(span{first: f.Arch.newest() + 1, action: f.Unknown})
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
func (a *assembler) rule(r Rule) label {
	next := a.answer(r.Otherwise)
	for i := len(r.Cases) - 1; i >= 0; i-- {
		c := r.Cases[i]
		place := a.answer(c.Then)
		for j := len(c.When) - 1; j >= 0; j-- {
			place = a.condition(c.When[j], place, next)
		}
		next = place
	}
	return next
}

// condition goes to yes if c holds and to no if it does not. BPF compares 32
// bits, so that an argument of 64 is tested in two halves.
func (a *assembler) condition(c Condition, yes, no label) label {
	if len(c.AnyOf) > 0 {
		return a.anyBit(c.Arg, c.bits(), yes, no)
	}
	if c.Width == Low32 {
		next := no
		for i := len(c.Equals) - 1; i >= 0; i-- {
			next = a.branch(opJumpEqual, uint32(c.Equals[i].Value), yes, next)
		}
		return a.load(offsetLow(c.Arg), next)
	}
	next := no
	for i := len(c.Equals) - 1; i >= 0; i-- {
		value := c.Equals[i].Value
		low := a.load(offsetLow(c.Arg), a.branch(opJumpEqual, uint32(value), yes, next))
		next = a.load(offsetHigh(c.Arg), a.branch(opJumpEqual, uint32(value>>32), low, next))
	}
	return next
}

// anyBit needs no width: a half without a bit to look for is not looked at.
func (a *assembler) anyBit(arg int, bits uint64, yes, no label) label {
	next := no
	if low := uint32(bits); low != 0 {
		next = a.load(offsetLow(arg), a.branch(opJumpAnyBit, low, yes, next))
	}
	if high := uint32(bits >> 32); high != 0 {
		next = a.load(offsetHigh(arg), a.branch(opJumpAnyBit, high, yes, next))
	}
	return next
}
