package syscalls

import "slices"

// A Fault is what makes a rule of a [Set] say nothing, on every architecture that has
// its call.
type Fault struct {
	Kind FaultKind
	// Rule is the index in Set.Rules of the rule that says nothing.
	Rule int
	// Others are the rules because of which it does, for Shadowed and AllowsEverything.
	Others []int
	// Conditions are those of the rule that exclude each other, for NeverMatches: the
	// fewest from the first on that no arguments satisfy together.
	Conditions []int
}

// FaultKind says what is wrong with a rule.
type FaultKind int

// The kinds of faults.
const (
	// NeverMatches: no arguments satisfy all its conditions.
	NeverMatches FaultKind = iota
	// NotAllowed: what it matches neither base nor allow gives, and rules only narrow.
	NotAllowed
	// Shadowed: another rule of the call matches everything that it matches.
	Shadowed
	// SameAs: it matches what an earlier rule of the call matches, and nothing else.
	SameAs
	// AllowsEverything: any arguments match it or one of the others: they narrow nothing.
	AllowsEverything
)

const (
	// faultBudget bounds the work that one set can ask for, in steps of diagrams: about
	// a second. What it does not reach is left alone.
	faultBudget = 1 << 20
	// maxCompared is how many rules of one call are compared with each other.
	maxCompared = 100
)

// Faults returns what is wrong with the rules of s, in their order. The answer is
// exact: arguments are sets of bits, not samples. Rules that it would take too long
// to decide are left alone, and so are those that s cannot have at all.
func (s Set) Faults() []Fault {
	byCall := map[string][]int{}
	var calls []string
	for i, rule := range s.Rules {
		if rule.check() != nil {
			continue
		}
		if byCall[rule.Syscall] == nil {
			calls = append(calls, rule.Syscall)
		}
		byCall[rule.Syscall] = append(byCall[rule.Syscall], i)
	}
	budget := faultBudget
	var faults []Fault
	for _, call := range calls {
		var common []Fault
		for i, arch := range archesOf(call) {
			found := s.faultsOn(arch, call, byCall[call], &budget)
			if i == 0 {
				common = found
				continue
			}
			common = slices.DeleteFunc(common, func(f Fault) bool {
				return !slices.ContainsFunc(found, func(other Fault) bool { return f.Kind == other.Kind && f.Rule == other.Rule })
			})
		}
		faults = append(faults, common...)
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.Rule - b.Rule })
	return faults
}

// faultsOn gives the faults of the rules of one call on one architecture.
func (s Set) faultsOn(arch Arch, call string, rules []int, budget *int) []Fault {
	d := newDiagram(budget)
	widths := argumentsOf(call)
	var faults []Fault
	var sound []int
	matches := map[int]argSet{}
	whole := s.wholeOn(d, call)
	for _, i := range rules {
		conditions := make([]argSet, len(s.Rules[i].When))
		matches[i] = everything
		for j, c := range s.Rules[i].When {
			conditions[j] = d.tests(c.tests(arch, widths[c.Arg]))
			matches[i] = d.and(matches[i], conditions[j])
		}
		switch {
		case d.exhausted():
			return nil
		case matches[i] == nothing:
			faults = append(faults, Fault{Kind: NeverMatches, Rule: i, Conditions: d.excluding(conditions)})
		case d.and(matches[i], whole) == nothing && whole != nothing:
			faults = append(faults, Fault{Kind: NotAllowed, Rule: i})
		default:
			sound = append(sound, i)
		}
	}
	if len(sound) <= maxCompared {
		faults = append(faults, d.compare(sound, matches)...)
	}
	if d.exhausted() {
		return nil
	}
	return faults
}

// wholeOn is the set of calls that base and allow give.
func (s Set) wholeOn(d *diagram, call string) argSet {
	if slices.Contains(s.Allow, call) {
		return everything
	}
	base, err := baseNamed(s.Base)
	if err != nil {
		return everything
	}
	rule, ok := base.rule(call)
	if !ok {
		return nothing
	}
	return d.allowed(rule)
}

// excluding gives two conditions that nothing satisfies together, or the first ones
// that do so only all together.
func (d *diagram) excluding(conditions []argSet) []int {
	for j := range conditions {
		if conditions[j] == nothing {
			return []int{j}
		}
		for i := range j {
			if d.and(conditions[i], conditions[j]) == nothing {
				return []int{i, j}
			}
		}
	}
	var first []int
	left := everything
	for j, c := range conditions {
		if d.and(left, c) == left {
			continue // it takes nothing away
		}
		left = d.and(left, c)
		first = append(first, j)
		if left == nothing {
			break
		}
	}
	return first
}

// compare finds the rules of one call that others make superfluous.
func (d *diagram) compare(rules []int, matches map[int]argSet) []Fault {
	var faults []Fault
	union := nothing
	for at, i := range rules {
		union = d.or(union, matches[i])
		if f, found := d.superfluous(i, rules, at, matches); found {
			faults = append(faults, f)
		}
	}
	if last := len(rules) - 1; union == everything && last >= 0 {
		faults = append(faults, Fault{Kind: AllowsEverything, Rule: rules[last], Others: slices.Clone(rules[:last])})
	}
	return faults
}

// superfluous finds a rule that matches all that rule i does, which is rules[at].
func (d *diagram) superfluous(i int, rules []int, at int, matches map[int]argSet) (Fault, bool) {
	for _, other := range rules[:at] {
		if matches[i] == matches[other] {
			return Fault{Kind: SameAs, Rule: i, Others: []int{other}}, true
		}
	}
	for _, other := range rules {
		if matches[i] != matches[other] && d.within(matches[i], matches[other]) {
			return Fault{Kind: Shadowed, Rule: i, Others: []int{other}}, true
		}
	}
	return Fault{}, false
}
