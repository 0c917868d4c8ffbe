package syscalls

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

// A Case applies when all its tests hold.
type Case struct {
	When []Test
	Then Action
}

// A Test is a condition on one argument, at the width of the kernel and with the
// numbers of one architecture. The argument, cut down to Width, is compared
// without a sign.
type Test struct {
	Arg   int // 0 to 5
	Width Width
	Op    Operator
	// Mask is the bits of the argument that OneOf and NoneOf look at; zero is all.
	Mask uint64
	// Values are any number for OneOf, NoneOf and AnyBit, and one for the others.
	Values []Constant
}

// An Operator is the comparison of a [Test].
type Operator int

// The operators.
const (
	OneOf          Operator = iota + 1 // equal to one of the values
	NoneOf                             // equal to none of them
	AnyBit                             // has a bit that one of them has
	Less                               // below the value
	LessOrEqual                        // the value or below
	Greater                            // above the value
	GreaterOrEqual                     // the value or above
)

// A Width says how much of the 64-bit argument register the kernel itself looks
// at. A condition has to look at exactly as much: with more, setting the high
// half, which the kernel throws away, would get a denied value past the filter.
type Width int

// The widths that system call arguments have.
const (
	Low16 Width = 16 // umode_t
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
	if rule, ok := f.Rule(call.Number); ok {
		return rule.decide(call.Args)
	}
	return f.AnswerWithoutRule(call.Number)
}

// Rule returns the rule of number, and whether there is one.
func (f Filter) Rule(number uint32) (Rule, bool) {
	// By index: the proof asks tens of thousands of times, and a Rule is large.
	i := sort.Search(len(f.Rules), func(i int) bool { return f.Rules[i].Number >= number })
	if i == len(f.Rules) || f.Rules[i].Number != number {
		return Rule{}, false
	}
	return f.Rules[i], true
}

// AnswerWithoutRule returns the answer to a number of Arch that has no rule.
func (f Filter) AnswerWithoutRule(number uint32) Action {
	if _, named := f.Arch.Name(number); named {
		return f.Default
	}
	return f.Unknown
}

func (r Rule) decide(args [6]uint64) Action {
	for _, c := range r.Cases {
		if c.Applies(args) {
			return c.Then
		}
	}
	return r.Otherwise
}

// Applies reports whether every test of c holds.
func (c Case) Applies(args [6]uint64) bool {
	for _, test := range c.When {
		if !test.holds(args) {
			return false
		}
	}
	return true
}

func (t Test) holds(args [6]uint64) bool {
	value := args[t.Arg] & t.Width.Mask()
	if t.Mask != 0 {
		value &= t.Mask
	}
	equal := func(constant Constant) bool { return constant.Value == value }
	switch t.Op {
	case OneOf:
		return slices.ContainsFunc(t.Values, equal)
	case NoneOf:
		return !slices.ContainsFunc(t.Values, equal)
	case AnyBit:
		return value&t.Bits() != 0
	case Less:
		return value < t.Values[0].Value
	case LessOrEqual:
		return value <= t.Values[0].Value
	case Greater:
		return value > t.Values[0].Value
	case GreaterOrEqual:
		return value >= t.Values[0].Value
	}
	return false
}

// Bits returns the union of Values.
func (t Test) Bits() uint64 {
	var bits uint64
	for _, constant := range t.Values {
		bits |= constant.Value
	}
	return bits
}

// Mask is the bits of a register that the width covers.
func (w Width) Mask() uint64 {
	return ^uint64(0) >> (64 - w)
}
