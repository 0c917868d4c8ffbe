package seccomp

import (
	"errors"
	"fmt"
	"slices"
)

// check returns everything that makes f no filter, or nil. What it lets through,
// [Filter.Decide] and the generator can work with.
func (f Filter) check() error {
	if !slices.Contains(Arches(), f.Arch) {
		return fmt.Errorf("seccomp: no filters for %s", f.Arch)
	}
	var problems []error
	report := func(where string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("seccomp: %s: %w", where, err))
		}
	}
	report("default", f.Default.check())
	report("unknown", f.Unknown.check())
	report("foreign", f.Foreign.check())
	for i, rule := range f.Rules {
		if name, _ := f.Arch.Name(rule.Number); name != rule.Name || name == "" {
			report(rule.Name, fmt.Errorf("number %d is not its number on %s", rule.Number, f.Arch))
		}
		if i > 0 && rule.Number <= f.Rules[i-1].Number {
			report(rule.Name, fmt.Errorf("number %d comes after %d of %s: one rule for each number, in their order",
				rule.Number, f.Rules[i-1].Number, f.Rules[i-1].Name))
		}
		report(rule.Name, rule.Otherwise.check())
		for _, c := range rule.Cases {
			report(rule.Name, c.Then.check())
			if len(c.When) == 0 {
				report(rule.Name, errors.New("a case without a condition hides those after it"))
			}
			for _, condition := range c.When {
				report(rule.Name, condition.check())
			}
		}
	}
	return errors.Join(problems...)
}

func (c Condition) check() error {
	if c.Arg < 0 || c.Arg > 5 {
		return fmt.Errorf("no argument %d: a system call has arguments 0 to 5", c.Arg)
	}
	if c.Width != Low32 && c.Width != All64 {
		return fmt.Errorf("width of %d bits: an argument has 32 or 64", c.Width)
	}
	if (len(c.Equals) == 0) == (len(c.AnyOf) == 0) {
		return errors.New("a condition has values or bits, and not both")
	}
	for _, constant := range slices.Concat(c.Equals, c.AnyOf) {
		if constant.Value&^c.Width.mask() != 0 {
			return fmt.Errorf("%s does not fit into %d bits and would never match", constant, c.Width)
		}
	}
	if len(c.AnyOf) > 0 && c.bits() == 0 {
		return errors.New("no bit is set in the bits to look for")
	}
	return nil
}
