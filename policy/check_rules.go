package policy

import (
	"fmt"
	"strings"

	"confine/policy/syscalls"
)

// checkRules reports the rules that change nothing, each with the lines because of
// which it does not.
func (p *Policy) checkRules(r *reports) {
	rules := p.Syscalls.Rules
	for _, fault := range p.Syscalls.Set().Faults() {
		rule := rules[fault.Rule]
		switch fault.Kind {
		case syscalls.NeverMatches:
			r.neverMatches(rule, fault.Conditions)
		case syscalls.NotAllowed:
			r.addAt(rule.At, "a rule for %s that matches nothing of base and allow", rule.Syscall).
				note("found     %s", conditionTexts(rule)).
				note("rules only narrow, and the base list %s denies these arguments", p.Syscalls.Base).
				advise("add %q to allow in [syscalls], taken whole, and narrow it by rules", rule.Syscall)
		case syscalls.Shadowed:
			if other := rules[fault.Others[0]]; !r.inherited(rule, other) {
				r.addAt(rule.At, "a rule for %s that another one makes superfluous", rule.Syscall).
					note("found     %s", conditionTexts(rule)).
					note("the other %s, at %s", conditionTexts(other), other.At).
					note("rules of one call are alternatives: the other allows all that this one does").
					advise("remove this rule, or narrow the other one")
			}
		case syscalls.SameAs:
			other := rules[fault.Others[0]]
			if r.later(other, rule) {
				rule, other = other, rule
			}
			r.addAt(rule.At, "the same rule for %s is written twice, in other words", rule.Syscall).
				note("found     %s", conditionTexts(rule)).
				note("first     %s, at %s", conditionTexts(other), other.At).
				advise("remove one of them")
		case syscalls.AllowsEverything:
			r.allowEverything(rules, append([]int{fault.Rule}, fault.Others...))
		}
	}
}

// neverMatches reports conditions that exclude each other, at the last one.
func (r *reports) neverMatches(rule SyscallRule, excluding []int) {
	last := excluding[0]
	for _, i := range excluding {
		if before(rule.whenAt[last], rule.whenAt[i]) {
			last = i
		}
	}
	if len(excluding) == 1 {
		r.addAt(rule.whenAt[last], "no arguments of %s satisfy this condition", rule.Syscall)
		return
	}
	d := r.addAt(rule.whenAt[last], "no arguments of %s satisfy this and the other conditions", rule.Syscall)
	var values []string
	listed := true
	for _, i := range excluding {
		c := rule.When[i]
		if i != last {
			d.note("found     %s, at %s", c, rule.whenAt[i])
		}
		listed = listed && c.Op == syscalls.OneOf && c.Mask == nil
		for _, v := range c.Values {
			values = append(values, v.Text)
		}
	}
	d.note("expected  conditions that can hold together: all those of a rule must")
	if listed {
		d.advise(`when = ["arg%d in [%s]"] allows either`, rule.When[last].Arg, strings.Join(values, ", "))
		return
	}
	d.advise("write it in another [[syscalls.rule]]: one of the rules must match")
}

// allowEverything reports rules that narrow nothing together, at the last one.
func (r *reports) allowEverything(rules []SyscallRule, together []int) {
	last := rules[together[0]]
	for _, i := range together {
		if r.later(rules[i], last) {
			last = rules[i]
		}
	}
	d := r.addAt(last.At, "the rules for %s together allow any arguments", last.Syscall).
		note("found     %s", conditionTexts(last))
	const most = 8
	for n, i := range together {
		switch {
		case n == most:
			d.note("and       %d more", len(together)-most)
		case n < most && rules[i].At != last.At:
			d.note("and       %s, at %s", conditionTexts(rules[i]), rules[i].At)
		}
	}
	d.advise("remove the rules, or narrow one of them: what one of them matches is allowed")
}

// later reports whether rule is stated after other: in a file that extends the one of
// the other, or further down in the same.
func (r *reports) later(rule, other SyscallRule) bool {
	a, b := r.places[rule.At], r.places[other.At]
	if a.src != b.src {
		return a.src.order < b.src.order
	}
	return a.at.start > b.at.start
}

// inherited reports whether rule comes from a policy that the one of other extends,
// which may widen what its bases say.
func (r *reports) inherited(rule, other SyscallRule) bool {
	return r.places[rule.At].src.order > r.places[other.At].src.order
}

// conditionTexts gives the conditions of a rule on one line.
func conditionTexts(rule SyscallRule) string {
	texts := make([]string, len(rule.When))
	for i, c := range rule.When {
		texts[i] = fmt.Sprint(c)
	}
	return clip(strings.Join(texts, ", "), 160)
}
