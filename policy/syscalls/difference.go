package syscalls

import (
	"fmt"
	"slices"
)

// A Difference is what two sets answer otherwise to one call.
type Difference struct {
	Call string
	// More are arguments that only the newer set allows, Less those that only the older
	// one does.
	More, Less Witness
	// Undecided says that it would take too long to tell: More and Less then mean nothing.
	Undecided bool
}

// A Witness is arguments of a call that one of two sets allows and the other does not.
type Witness struct {
	// Found says that there are such arguments.
	Found bool
	// Arch is the only architecture on which that is so, or zero: then the one set allows
	// them on every architecture that has the call, and the other does not on one at least.
	Arch Arch
	// Args are the arguments that matter, none where any arguments do: with them alone
	// Decide tells the two sets apart.
	Args [6]Argument
}

const (
	// differenceBudget bounds the work of one comparison, in steps of diagrams: about a
	// second.
	differenceBudget = 1 << 20
	// callBudget is what one call can take of it, and leastBudget what each can take when
	// nothing is left: more than a call without rules needs.
	callBudget  = 1 << 18
	leastBudget = 1 << 12
)

// Differences gives every call that two sets answer otherwise, sorted by name. The
// answer is exact: arguments are sets of bits, not samples. It is about what is
// allowed: which error a denied call gets is no difference. Nor are numbers without a
// name, which [Unrestricted] alone allows.
func Differences(older, newer Set) []Difference {
	was, now := indexSet(older), indexSet(newer)
	budget := differenceBudget
	var found []Difference
	for _, call := range names() {
		if was.sameAs(now, call) {
			continue
		}
		d, spent := differenceOf(was, now, call, min(max(budget, leastBudget), callBudget))
		budget -= spent
		d.More.complete(call, newer, older)
		d.Less.complete(call, older, newer)
		if d.Undecided || d.More.Found || d.Less.Found {
			found = append(found, d)
		}
	}
	return found
}

// setIndex is a set by its calls.
type setIndex struct {
	base        Base
	allow, deny map[string]bool
	rules       map[string][]SetRule
}

func indexSet(s Set) setIndex {
	// A base list that there is not allows nothing, as in Decide.
	base, _ := baseNamed(s.Base)
	index := setIndex{base, map[string]bool{}, map[string]bool{}, map[string][]SetRule{}}
	for _, name := range s.Allow {
		index.allow[name] = true
	}
	for _, name := range s.Deny {
		index.deny[name] = true
	}
	for _, rule := range s.Rules {
		index.rules[rule.Syscall] = append(index.rules[rule.Syscall], rule)
	}
	return index
}

// sameAs reports whether two sets say the same of a call, in the same words.
func (s setIndex) sameAs(other setIndex, call string) bool {
	return s.base.Name == other.base.Name && s.allow[call] == other.allow[call] && s.deny[call] == other.deny[call] &&
		slices.EqualFunc(s.rules[call], other.rules[call], func(a, b SetRule) bool {
			return slices.EqualFunc(a.When, b.When, func(x, y Condition) bool { return x.Text == y.Text })
		})
}

// allowedOn is the set of arguments with which a call is allowed.
func (s setIndex) allowedOn(d *diagram, arch Arch, call string) argSet {
	switch {
	case call == Execve:
		return everything
	case s.deny[call]:
		return nothing
	}
	whole := everything
	if !s.allow[call] {
		rule, named := s.base.rule(call)
		if !named {
			return nothing
		}
		whole = d.allowed(rule)
	}
	rules := s.rules[call]
	if len(rules) == 0 || whole == nothing {
		return whole
	}
	widths := argumentsOf(call)
	matched := nothing
	for _, rule := range rules {
		matches := everything
		for _, c := range rule.When {
			if c.Arg >= len(widths) {
				matches = nothing
				break
			}
			matches = d.and(matches, d.tests(c.tests(arch, widths[c.Arg])))
		}
		matched = d.or(matched, matches)
		if d.exhausted() {
			return nothing
		}
	}
	return d.and(whole, matched)
}

// differenceOf compares one call on every architecture that has it, and gives how much
// of the budget that took.
func differenceOf(was, now setIndex, call string, budget int) (difference Difference, spent int) {
	left := budget
	d := newDiagram(&left)
	var older, newer archSets
	for _, arch := range archesOf(call) {
		older = append(older, archSet{arch, was.allowedOn(d, arch, call)})
		newer = append(newer, archSet{arch, now.allowedOn(d, arch, call)})
	}
	difference = Difference{Call: call, More: d.witness(newer, older), Less: d.witness(older, newer)}
	if d.exhausted() {
		difference = Difference{Call: call, Undecided: true}
	}
	return difference, budget - left
}

// complete gives the arguments that do not matter too, where Decide needs them: it
// does not see that some rules together match whatever one argument is.
func (w *Witness) complete(call string, looser, tighter Set) {
	decide := func(s Set) Verdict {
		if w.Arch != 0 {
			return s.decideOn(w.Arch, call, known(w.Args, w.Arch)).Verdict
		}
		return s.Decide(call, w.Args).Verdict
	}
	if !w.Found || decide(looser) == Allowed && decide(tighter) != Allowed {
		return
	}
	for i := range Arguments(call) {
		if w.Args[i] == "" {
			w.Args[i] = argumentOf(Value{})
		}
	}
}

// archSet is the arguments with which a call is allowed on one architecture.
type archSet struct {
	arch Arch
	args argSet
}

// archSets are those of one call, always in the same order.
type archSets []archSet

// witness looks for arguments that the one side allows and the other does not: first
// for some that hold on every architecture, which a policy can be asked about.
func (d *diagram) witness(allow, deny archSets) Witness {
	everywhere, elsewhere := everything, everything
	for i := range allow {
		everywhere, elsewhere = d.and(everywhere, allow[i].args), d.and(elsewhere, deny[i].args)
	}
	if only := d.without(everywhere, elsewhere); only != nothing {
		return Witness{Found: true, Args: d.member(only)}
	}
	for i := range allow {
		if only := d.without(allow[i].args, deny[i].args); only != nothing {
			return Witness{Found: true, Arch: allow[i].arch, Args: d.member(only)}
		}
	}
	return Witness{}
}

// without is what is in x and not in y.
func (d *diagram) without(x, y argSet) argSet {
	if x == y || d.exhausted() {
		return nothing
	}
	return d.and(x, d.not(y))
}

// member gives the smallest member of a set that is not empty, by arg0 first; an
// argument of which no bit decides is left out.
func (d *diagram) member(s argSet) [6]Argument {
	var values [6]uint64
	var looked [6]bool
	for s > everything {
		n := d.nodes[s]
		arg := n.level / 64
		looked[arg] = true
		if s = n.off; s == nothing {
			values[arg] |= 1 << (63 - n.level%64)
			s = n.set
		}
	}
	var args [6]Argument
	for i, value := range values {
		if looked[i] {
			args[i] = Argument(fmt.Sprintf("%#x", value))
		}
	}
	return args
}
