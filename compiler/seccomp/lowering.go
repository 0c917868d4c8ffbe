package seccomp

import (
	"slices"

	"confine/policy/syscalls"
)

// A plan is what libseccomp is asked for in order to write a filter.
type plan struct {
	main  libraryFilter
	steps []step
	parts []Part
}

// A step decides about the arguments of one call: its answers are those of the policy,
// or placeholders for later steps.
type step struct {
	syscall string
	number  uint32
	part    int // the index of the call in plan.parts
	match   syscalls.Action
	// otherwise answers calls that do not match.
	otherwise syscalls.Action
	// library is the step for libseccomp, or nil: then test is all of it, and the
	// assembler's.
	library *libraryFilter
	test    syscalls.Test
}

// placeholders are SECCOMP_RET_TRACE with the index of a step. Policies have no such
// answer, so one that stayed in a program would not pass the proof.
const placeholders syscalls.Action = 0x7ff00000

func placeholder(step int) syscalls.Action { return placeholders | syscalls.Action(step) }

// placeheld returns the step that an answer holds the place of, and whether it does.
func placeheld(answer syscalls.Action) (step int, ok bool) {
	return int(answer & 0xffff), answer&^0xffff == placeholders
}

// planOf divides f into what libseccomp gets right. Numbers without a name are left
// to its default answer.
func planOf(f syscalls.Filter) plan {
	p := plan{main: libraryFilter{otherwise: f.Unknown}}
	for _, number := range f.Arch.Calls() {
		rule, ok := f.Rule(number)
		answer := f.Default
		switch {
		case ok && len(rule.Cases) > 0:
			answer = placeholder(len(p.steps))
			p.addSteps(rule)
		case ok:
			answer = rule.Otherwise
		}
		// libseccomp refuses a rule that says what it answers anyway.
		if answer != f.Unknown {
			p.main.rules = append(p.main.rules, libraryRule{number: number, answer: answer})
		}
	}
	return p
}

// addSteps adds the cases of r in their order: each is one step, or one for each of
// its tests.
func (p *plan) addSteps(r syscalls.Rule) {
	part := Part{Syscall: r.Name, Number: r.Number}
	for i, c := range r.Cases {
		groups, how := divide(c.When)
		switch how {
		case lowered:
			part.Lowered = append(part.Lowered, i+1)
		case assembled:
			part.Assembled = append(part.Assembled, i+1)
		}
		nextCase := r.Otherwise
		if i+1 < len(r.Cases) {
			nextCase = placeholder(len(p.steps) + len(groups))
		}
		for j, group := range groups {
			match := c.Then
			if j+1 < len(groups) {
				match = placeholder(len(p.steps) + 1)
			}
			s := step{syscall: r.Name, number: r.Number, part: len(p.parts), match: match, otherwise: nextCase, test: group.tests[0]}
			if !group.assembled {
				s.library = group.filter(r.Number, match, nextCase)
			}
			p.steps = append(p.steps, s)
		}
	}
	p.parts = append(p.parts, part)
}

// How a case became steps.
type conversion int

const (
	asWritten conversion = iota
	lowered
	assembled
)

// A group is tests that become one step. They hold if one of alternatives does, whose
// comparisons all have to hold; if inverted, they hold if none does.
type group struct {
	tests        []syscalls.Test
	alternatives [][]comparison
	inverted     bool
	assembled    bool
}

// maxAlternatives bounds how many rules the lists of one case may multiply to; with
// more, it is a step for each list. A list of more than maxListed values is not for
// the library, whose time grows with the square of it.
const (
	maxAlternatives = 16
	maxListed       = 64
)

// divide returns the groups of the tests of a case.
//
// libseccomp 2.5 gets two forms right: one rule with any comparisons of different
// arguments, and several rules that compare for equality only, masked or not (measured:
// none of 60,000 and of 200,000 random filters was wrong). Several rules with
// other comparisons can come out too permissive.
func divide(when []syscalls.Test) ([]group, conversion) {
	if together, ok := conjunction(when); ok {
		return []group{together}, asWritten
	}
	how := asWritten
	if len(when) > 1 {
		how = lowered
	}
	var groups []group
	for _, t := range when {
		g := single(t)
		if g.inverted {
			how = max(how, lowered)
		}
		if g.assembled {
			how = assembled
		}
		groups = append(groups, g)
	}
	return groups, how
}

// conjunction puts all tests in one group, if that has a form that libseccomp gets
// right.
func conjunction(when []syscalls.Test) (group, bool) {
	g := group{tests: when, alternatives: [][]comparison{nil}}
	var args [6]bool
	onlyEqual := true
	for _, t := range when {
		one := single(t)
		if one.inverted || one.assembled || args[t.Arg] || len(g.alternatives)*len(one.alternatives) > maxAlternatives && len(when) > 1 {
			return group{}, false
		}
		args[t.Arg] = true
		onlyEqual = onlyEqual && t.Op == syscalls.OneOf
		var product [][]comparison
		for _, left := range g.alternatives {
			for _, right := range one.alternatives {
				product = append(product, slices.Concat(left, right))
			}
		}
		g.alternatives = product
	}
	return g, onlyEqual || len(g.alternatives) == 1
}

// single is one test alone. libseccomp has no comparison for the order of a part of
// an argument, and none for masked bits that differ: but it has what is done if no rule
// matches.
func single(t syscalls.Test) group {
	g := group{tests: []syscalls.Test{t}}
	one := func(c comparison) { g.alternatives = append(g.alternatives, []comparison{c}) }
	bits := t.Width.Mask()
	if t.Mask != 0 {
		bits = t.Mask
	}
	whole := bits == ^uint64(0)
	ordered := map[syscalls.Operator]comparisonOperator{
		syscalls.Less: less, syscalls.LessOrEqual: lessOrEqual,
		syscalls.Greater: greater, syscalls.GreaterOrEqual: greaterOrEqual,
	}
	switch {
	case t.Op == syscalls.AnyBit:
		one(comparison{arg: t.Arg, op: equalMasked, mask: t.Bits()})
		g.inverted = true
	case ordered[t.Op] != 0 && whole:
		one(comparison{arg: t.Arg, op: ordered[t.Op], value: t.Values[0].Value})
	case ordered[t.Op] != 0 || t.Op != syscalls.AnyBit && len(t.Values) > maxListed:
		g.assembled = true
	case t.Op == syscalls.NoneOf && whole && len(t.Values) == 1:
		one(comparison{arg: t.Arg, op: notEqual, value: t.Values[0].Value})
	default:
		g.inverted = t.Op == syscalls.NoneOf
		seen := map[uint64]bool{}
		for _, v := range t.Values {
			c := comparison{arg: t.Arg, op: equalMasked, mask: bits, value: v.Value}
			if whole {
				c.op, c.mask = equal, 0
			}
			// libseccomp refuses a rule that is there already.
			if !seen[v.Value] {
				one(c)
			}
			seen[v.Value] = true
		}
	}
	return g
}

// filter is g for libseccomp.
func (g group) filter(number uint32, match, otherwise syscalls.Action) *libraryFilter {
	if g.inverted {
		match, otherwise = otherwise, match
	}
	f := &libraryFilter{otherwise: otherwise}
	for _, when := range g.alternatives {
		f.rules = append(f.rules, libraryRule{number: number, when: when, answer: match})
	}
	return f
}
