package syscalls

import (
	"errors"
	"fmt"
	"slices"
)

// Check returns everything that makes f no filter, or nil. What it lets through,
// [Filter.Decide] and the compiler can work with.
func (f Filter) Check() error {
	if !slices.Contains(Arches(), f.Arch) {
		return fmt.Errorf("syscalls: no filters for %s", f.Arch)
	}
	var problems []error
	report := func(where string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("syscalls: %s: %w", where, err))
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
				report(rule.Name, errors.New("a case without a test hides those after it"))
			}
			for _, test := range c.When {
				report(rule.Name, test.check())
			}
		}
	}
	return errors.Join(problems...)
}

func (t Test) check() error {
	if t.Arg < 0 || t.Arg > 5 {
		return fmt.Errorf("no argument %d: a system call has arguments 0 to 5", t.Arg)
	}
	if t.Width != Low16 && t.Width != Low32 && t.Width != All64 {
		return fmt.Errorf("width of %d bits: an argument has 16, 32 or 64", t.Width)
	}
	if t.Op < OneOf || t.Op > GreaterOrEqual {
		return fmt.Errorf("no operator %d", t.Op)
	}
	if len(t.Values) == 0 || t.Op >= Less && len(t.Values) != 1 {
		return fmt.Errorf("operator %d with %d values", t.Op, len(t.Values))
	}
	if t.Mask != 0 && t.Op > NoneOf {
		return fmt.Errorf("operator %d does not look at a mask", t.Op)
	}
	if t.Mask&^t.Width.Mask() != 0 {
		return fmt.Errorf("mask %#x does not fit into %d bits", t.Mask, t.Width)
	}
	for _, constant := range t.Values {
		if constant.Value&^t.Width.Mask() != 0 {
			return fmt.Errorf("%s does not fit into %d bits and would never match", constant, t.Width)
		}
		if t.Mask != 0 && constant.Value&^t.Mask != 0 {
			return fmt.Errorf("%s has bits outside the mask %#x and would never match", constant, t.Mask)
		}
	}
	return t.checkRange()
}

// checkRange refuses tests whose answer is the same for every argument: a program
// needs no instruction for them, and nobody means them.
func (t Test) checkRange() error {
	var constant bool
	switch t.Op {
	case AnyBit:
		if t.Bits() == 0 {
			return errors.New("no bit is set in the bits to look for")
		}
	case Less, GreaterOrEqual:
		constant = t.Values[0].Value == 0
	case LessOrEqual, Greater:
		constant = t.Values[0].Value == t.Width.Mask()
	}
	if constant {
		return fmt.Errorf("the answer is the same for every argument: they have no sign, and %d bits", t.Width)
	}
	return nil
}
