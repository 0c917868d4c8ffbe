package seccomp

import (
	"slices"
	"sort"
)

// A Filter says what is answered to every system call that a process makes.
// [Filter.Decide] is its meaning.
type Filter struct {
	// Arch is the only architecture whose calls Rules and Default are about.
	Arch Arch
	// Rules are in the order of their numbers, one for each number.
	Rules []Rule
	// Default is the answer to a call of Arch that has a name but no rule.
	Default Action
	// Unknown is the answer to a number that has no name on Arch. The x32 calls of
	// x86_64 are among them.
	Unknown Action
	// Foreign is the answer to a call of any other architecture, whose numbers mean
	// other things.
	Foreign Action
}

// A Rule is what is answered to one system call. The first of Cases that
// applies gives the answer, Otherwise if none does.
type Rule struct {
	Name      string
	Number    uint32
	Cases     []Case
	Otherwise Action
	// Reason is why, for people; it has no effect.
	Reason string
}

// A Case applies when all its conditions hold.
type Case struct {
	When []Condition
	Then Action
}

// A Condition is a test of one argument. It holds if the argument, cut down to
// Width, is one of Equals or has a bit of AnyOf; exactly one of the two is given.
type Condition struct {
	Arg    int // 0 to 5
	Width  Width
	Equals []Constant
	AnyOf  []Constant
}

// A Width says how much of the 64-bit argument register the kernel itself looks
// at. A condition has to look at exactly as much: with more, setting the high
// half, which the kernel throws away, would get a denied value past the filter.
type Width int

// The widths that system call arguments have.
const (
	Low32 Width = 32 // int and unsigned int
	All64 Width = 64 // long, unsigned long, size_t and pointers
)

// A Constant is a value and what the headers call it.
type Constant struct {
	Name  string
	Value uint64
}

// Data is one system call as the kernel describes it to a filter: struct
// seccomp_data of seccomp(2).
type Data struct {
	Number             uint32
	Arch               Arch
	InstructionPointer uint64
	Args               [6]uint64
}

// Decide returns the answer of f to the call.
func (f Filter) Decide(call Data) Action {
	if call.Arch != f.Arch {
		return f.Foreign
	}
	if rule, ok := f.rule(call.Number); ok {
		return rule.decide(call.Args)
	}
	return f.answerWithoutRule(call.Number)
}

// rule returns the rule of number, and whether there is one.
func (f Filter) rule(number uint32) (Rule, bool) {
	// By index: the proof asks tens of thousands of times, and a Rule is large.
	i := sort.Search(len(f.Rules), func(i int) bool { return f.Rules[i].Number >= number })
	if i == len(f.Rules) || f.Rules[i].Number != number {
		return Rule{}, false
	}
	return f.Rules[i], true
}

func (f Filter) answerWithoutRule(number uint32) Action {
	if _, named := f.Arch.Name(number); named {
		return f.Default
	}
	return f.Unknown
}

func (r Rule) decide(args [6]uint64) Action {
	for _, c := range r.Cases {
		if c.applies(args) {
			return c.Then
		}
	}
	return r.Otherwise
}

func (c Case) applies(args [6]uint64) bool {
	for _, condition := range c.When {
		if !condition.holds(args) {
			return false
		}
	}
	return true
}

func (c Condition) holds(args [6]uint64) bool {
	value := args[c.Arg] & c.Width.mask()
	if len(c.AnyOf) > 0 {
		return value&c.bits() != 0
	}
	return slices.ContainsFunc(c.Equals, func(constant Constant) bool { return constant.Value == value })
}

// bits returns the union of AnyOf.
func (c Condition) bits() uint64 {
	var bits uint64
	for _, constant := range c.AnyOf {
		bits |= constant.Value
	}
	return bits
}

func (w Width) mask() uint64 {
	return ^uint64(0) >> (64 - w)
}
