package syscalls

import (
	"fmt"
	"slices"
	"strings"
)

// A Part is what of a [Set] decides about a call.
type Part string

// The parts.
const (
	PartNone  Part = "none" // nothing names the call
	PartBase  Part = "base"
	PartAllow Part = "allow"
	PartDeny  Part = "deny"
	PartRule  Part = "rule"
)

// A Decision is the answer of a [Set] to one call.
type Decision struct {
	Verdict Verdict
	Part    Part
	// Rule is the index in Set.Rules of the rule that decides, or of the first of
	// those that do not match. It is meant for PartRule.
	Rule int
	// Because is one line that says why.
	Because string
}

// Decide says whether s allows a call with the arguments that are given. Without
// those that it depends on, the verdict is Conditional. The answer holds on every
// architecture that has the call; where they differ, it is Conditional too.
func (s Set) Decide(name string, args [6]Argument) Decision {
	if err := CheckName(name); err != nil {
		return Decision{Verdict: Denied, Part: PartNone, Because: err.Error()}
	}
	arches := archesOf(name)
	first := s.decideOn(arches[0], name, known(args, arches[0]))
	for _, arch := range arches[1:] {
		other := s.decideOn(arch, name, known(args, arch))
		if other.Verdict != first.Verdict {
			first.Because = fmt.Sprintf("that depends on the architecture: %s on %s, %s on %s",
				first.Verdict, arches[0], other.Verdict, arch)
			first.Verdict = Conditional
			return first
		}
	}
	return first
}

// A register is what is known of one argument.
type register struct {
	given bool
	value uint64
}

func known(args [6]Argument, arch Arch) [6]register {
	var registers [6]register
	for i, arg := range args {
		if value, given := arg.On(arch); given {
			registers[i] = register{true, value}
		}
	}
	return registers
}

// decideOn is Decide on an architecture that has the call.
func (s Set) decideOn(arch Arch, name string, args [6]register) Decision {
	switch {
	case name == Execve:
		return Decision{Allowed, PartBase, 0, "execve is always allowed: files limit what it can start"}
	case slices.Contains(s.Deny, name):
		return Decision{Denied, PartDeny, 0, "syscalls.deny names " + name}
	}
	whole := s.decideWhole(name, args)
	if whole.Verdict == Denied {
		return whole
	}
	narrowed, ok := s.decideRules(arch, name, args)
	if !ok || whole.Verdict < narrowed.Verdict {
		return whole
	}
	return narrowed
}

// decideWhole answers without the rules and deny.
func (s Set) decideWhole(name string, args [6]register) Decision {
	if slices.Contains(s.Allow, name) {
		return Decision{Allowed, PartAllow, 0, "syscalls.allow names " + name}
	}
	base, err := baseNamed(s.Base)
	if err != nil {
		return Decision{Denied, PartNone, 0, err.Error()}
	}
	rule, ok := base.rule(name)
	if !ok {
		return Decision{Denied, PartNone, 0, fmt.Sprintf("neither the base list %s nor syscalls.allow names %s", s.Base, name)}
	}
	d := Decision{Verdict: rule.verdict(args), Part: PartBase}
	with := ""
	if len(rule.Cases) > 0 {
		with = " with these arguments"
	}
	switch d.Verdict {
	case Allowed:
		d.Because = fmt.Sprintf("the base list %s allows %s%s", s.Base, name, with)
	case Denied:
		d.Because = fmt.Sprintf("the base list %s denies %s%s", s.Base, name, with)
	default:
		var looked []int
		for _, c := range rule.Cases {
			for _, test := range c.When {
				looked = append(looked, test.Arg)
			}
		}
		d.Because = fmt.Sprintf("the base list %s decides %s by %s", s.Base, name, missingOf(looked, args))
	}
	return d
}

// verdict gathers the answers that arguments which are not given can have.
func (r Rule) verdict(args [6]register) Verdict {
	var allows, denies bool
	answer := func(a Action) {
		allows = allows || a == Allow
		denies = denies || a != Allow
	}
	reached := true
	for _, c := range r.Cases {
		applies := Allowed
		for _, test := range c.When {
			applies = applies.and(test.verdict(args))
		}
		if applies != Denied {
			answer(c.Then)
		}
		if applies == Allowed {
			reached = false
			break
		}
	}
	if reached {
		answer(r.Otherwise)
	}
	switch {
	case allows && denies:
		return Conditional
	case allows:
		return Allowed
	}
	return Denied
}

func (t Test) verdict(args [6]register) Verdict {
	if !args[t.Arg].given {
		return Conditional
	}
	var values [6]uint64
	values[t.Arg] = args[t.Arg].value
	return verdictOf(t.holds(values))
}

// decideRules answers by the rules of a call, and reports whether there are any.
func (s Set) decideRules(arch Arch, name string, args [6]register) (Decision, bool) {
	best := Decision{Verdict: Denied, Part: PartRule, Rule: -1, Because: "no [[syscalls.rule]] for " + name + " allows these arguments"}
	widths := argumentsOf(name)
	for i, rule := range s.Rules {
		if rule.Syscall != name {
			continue
		}
		if best.Rule < 0 {
			best.Rule = i
		}
		verdict := Allowed
		var texts []string
		var looked []int
		for _, c := range rule.When {
			texts = append(texts, c.Text)
			looked = append(looked, c.Arg)
			verdict = verdict.and(c.verdict(arch, widths, args))
		}
		if verdict.or(best.Verdict) == best.Verdict {
			continue
		}
		best.Verdict, best.Rule = verdict, i
		best.Because = "a [[syscalls.rule]] allows it: " + strings.Join(texts, ", ")
		if verdict == Conditional {
			best.Because = fmt.Sprintf("a [[syscalls.rule]] decides %s by %s: %s", name, missingOf(looked, args), strings.Join(texts, ", "))
		}
	}
	return best, best.Rule >= 0
}

func (c Condition) verdict(arch Arch, widths []argumentWidth, args [6]register) Verdict {
	switch {
	case c.Arg >= len(widths):
		return Denied
	case !args[c.Arg].given:
		return Conditional
	}
	return verdictOf(c.holds(arch, widths[c.Arg], args[c.Arg].value))
}

// missingOf names those of the arguments that are not given.
func missingOf(looked []int, args [6]register) string {
	var missing []string
	for arg := range args {
		if slices.Contains(looked, arg) && !args[arg].given {
			missing = append(missing, fmt.Sprintf("arg%d", arg))
		}
	}
	if len(missing) == 1 {
		return missing[0] + ", which is not given"
	}
	return strings.Join(missing, " and ") + ", which are not given"
}
