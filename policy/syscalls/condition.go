package syscalls

import (
	"fmt"
	"slices"
	"strings"
)

// A Condition is what a policy says of one argument of a call. It is compared
// without a sign and at the width that the kernel takes, which the call decides:
// see [Condition.Check].
type Condition struct {
	// Text is the condition as written.
	Text string
	Arg  int // 0 to 5
	Op   Operator
	// Mask is the bits that OneOf and NoneOf look at, or nil for all.
	Mask *Value
	// Values are one or more for OneOf and one for the other operators.
	Values []Value
}

// String is the condition in one spelling, whatever its blanks are.
func (c Condition) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "arg%d", c.Arg)
	if c.Mask != nil {
		out.WriteString(" & " + c.Mask.Text)
	}
	var values []string
	for _, v := range c.Values {
		values = append(values, v.Text)
	}
	if len(values) > 1 {
		return out.String() + " in [" + strings.Join(values, ", ") + "]"
	}
	for _, candidate := range operators {
		if candidate.op == c.Op {
			out.WriteString(" " + candidate.text + " ")
		}
	}
	return out.String() + strings.Join(values, "")
}

// operators are the comparisons of conditions; those that begin with another come
// before it.
var operators = []struct {
	text string
	op   Operator
}{
	{"==", OneOf},
	{"!=", NoneOf},
	{"<=", LessOrEqual},
	{">=", GreaterOrEqual},
	{"<", Less},
	{">", Greater},
}

const expectedOperator = "==, !=, <, <=, >, >=, in [...] or & MASK =="

// ParseCondition reads a condition:
//
//	argN OP VALUE            OP is one of == != < <= > >=
//	argN in [VALUE, ...]
//	argN & MASK OP VALUE     OP is one of == !=
//
// See [Value] for values and masks. The error is a [*TextError].
func ParseCondition(text string) (Condition, error) {
	p := &textParser{text: text}
	c := Condition{Text: text}
	var err error
	p.blanks()
	if c.Arg, err = p.argument(); err != nil {
		return Condition{}, err
	}
	p.blanks()
	if err := p.comparison(&c); err != nil {
		return Condition{}, err
	}
	p.blanks()
	if p.pos < len(text) {
		return Condition{}, p.trailing()
	}
	return c, nil
}

// comparison reads what follows the argument.
func (p *textParser) comparison(c *Condition) error {
	start := p.pos
	if p.word() == "in" {
		c.Op = OneOf
		return p.list(c)
	}
	p.pos = start
	if !strings.HasPrefix(p.text[p.pos:], "&&") && p.take("&") {
		p.blanks()
		mask, err := p.value()
		if err != nil {
			return err
		}
		c.Mask = &mask
		p.blanks()
	}
	at := p.pos
	op, ok := p.operator()
	switch {
	case !ok && c.Mask != nil:
		return p.unexpected("== or != after a mask")
	case !ok:
		e := p.unexpected(expectedOperator)
		if p.take("=") {
			e.hint = "did you mean ==?"
		}
		return e
	case c.Mask != nil && op != OneOf && op != NoneOf:
		return &TextError{
			Offset: at, Length: p.pos - at, Message: "masked bits have no order", Expected: "== or != after a mask",
		}
	}
	c.Op = op
	p.blanks()
	v, err := p.value()
	c.Values = []Value{v}
	return err
}

func (p *textParser) operator() (Operator, bool) {
	for _, candidate := range operators {
		if p.take(candidate.text) {
			return candidate.op, true
		}
	}
	return 0, false
}

// list reads the values of in.
func (p *textParser) list(c *Condition) error {
	p.blanks()
	if !p.take("[") {
		return p.unexpected("a list of values, [V, V, ...]")
	}
	for {
		p.blanks()
		v, err := p.value()
		if err != nil {
			return err
		}
		c.Values = append(c.Values, v)
		p.blanks()
		switch {
		case p.take("]"):
			return nil
		case !p.take(","):
			return p.unexpected(", or ] in the list of values")
		}
	}
}

// trailing is the error of text after a condition.
func (p *textParser) trailing() *TextError {
	e := p.unexpected("the end of the condition")
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, "&&") || strings.HasPrefix(rest, "and"):
		e.hint = "write each condition as a string of its own in when: all of them must hold"
	case strings.HasPrefix(rest, "||") || strings.HasPrefix(rest, "or"):
		e.hint = "write another [[syscalls.rule]]: one of them must match"
	}
	return e
}

// Check reports what makes the condition senseless for a system call: an argument
// that the call does not have, a value that the argument cannot have, and an
// answer that is the same for every argument. The error is a [*TextError] of the
// condition's text.
func (c Condition) Check(syscall string) error {
	widths := argumentsOf(syscall)
	if c.Arg >= len(widths) {
		at := strings.Index(c.Text, "arg")
		e := &TextError{Offset: at, Length: len("arg0"), Message: fmt.Sprintf("%s has no argument arg%d", syscall, c.Arg)}
		switch len(widths) {
		case 0:
			e.Message = syscall + " has no arguments"
		case 1:
			e.Expected = "arg0"
		default:
			e.Expected = fmt.Sprintf("arg0 to arg%d", len(widths)-1)
		}
		return e
	}
	for _, arch := range Arches() {
		if err := c.checkOn(arch, syscall, widths[c.Arg]); err != nil {
			return err
		}
	}
	return nil
}

func (c Condition) checkOn(arch Arch, syscall string, width argumentWidth) error {
	limit := width.limit()
	taken := fmt.Sprintf("%d bits of arg%d of %s", limit, c.Arg, syscall)
	if width == widthEither {
		taken = fmt.Sprintf("%d bits that arg%d of %s may have", limit, c.Arg, syscall)
	}
	outcome := "would never match"
	if c.Op == NoneOf || c.Op == Less || c.Op == LessOrEqual {
		outcome = "would always match"
	}
	if c.Mask != nil {
		switch mask := c.Mask.On(arch); {
		case mask == 0:
			return c.Mask.wrong("no bit is set in the mask, so the answer is always the same").expecting("a mask with at least one bit")
		case mask&^limit.Mask() != 0:
			return c.Mask.tooWide(fmt.Sprintf("%s exceeds the %s", c.Mask.Text, taken), mask, limit)
		}
	}
	for _, v := range c.Values {
		switch {
		case v.On(arch)&^limit.Mask() != 0:
			return v.tooWide(fmt.Sprintf("%s exceeds the %s: it %s", v.Text, taken, outcome), v.On(arch), limit)
		case c.Mask != nil && v.On(arch)&^c.Mask.On(arch) != 0:
			return v.wrong(fmt.Sprintf("%s has bits outside the mask %s: it %s", v.Text, c.Mask.Text, outcome)).
				expecting("a value whose bits are all in the mask")
		}
	}
	if t := (Test{Width: limit, Op: c.Op, Values: []Constant{c.Values[0].named(arch)}}); t.checkRange() != nil {
		return c.Values[0].wrong(fmt.Sprintf("the answer is always the same: arg%d of %s has no sign, and %d bits", c.Arg, syscall, limit)).
			expecting("a condition that some arguments satisfy and others do not")
	}
	return nil
}

func (v Value) wrong(message string) *TextError {
	return &TextError{Offset: v.Offset, Length: v.Length, Message: message}
}

func (e *TextError) expecting(what string) *TextError {
	e.Expected = what
	return e
}

// tooWide is the error of a number with bits above the width of its argument. Those
// of a negative number are all set: it is meant at the width.
func (v Value) tooWide(message string, number uint64, width Width) *TextError {
	e := v.wrong(message)
	e.Expected = fmt.Sprintf("a value from 0 to %#x", width.Mask())
	signed := ^uint64(0) << (width - 1)
	if number&signed == signed || width == Low16 && number&signed == signed&0xffffffff {
		e.hint = fmt.Sprintf("write %#x", number&width.Mask())
	}
	return e
}

// holds reports whether the condition holds of what is in the register.
func (c Condition) holds(arch Arch, width argumentWidth, register uint64) bool {
	for _, view := range width.views() {
		if !c.holdsOf(arch, register&view.Mask()) {
			return false
		}
	}
	return true
}

func (c Condition) holdsOf(arch Arch, argument uint64) bool {
	if c.Mask != nil {
		argument &= c.Mask.On(arch)
	}
	first := c.Values[0].On(arch)
	listed := slices.ContainsFunc(c.Values, func(v Value) bool { return v.On(arch) == argument })
	switch c.Op {
	case OneOf:
		return listed
	case NoneOf:
		return !listed
	case Less:
		return argument < first
	case LessOrEqual:
		return argument <= first
	case Greater:
		return argument > first
	case GreaterOrEqual:
		return argument >= first
	}
	return false
}

// tests are the condition as a filter has it: all of them must hold.
func (c Condition) tests(arch Arch, width argumentWidth) []Test {
	var tests []Test
	for _, view := range width.views() {
		t := Test{Arg: c.Arg, Width: view, Op: c.Op}
		if c.Mask != nil {
			t.Mask = c.Mask.On(arch)
		}
		for _, v := range c.Values {
			t.Values = append(t.Values, v.named(arch))
		}
		tests = append(tests, t)
	}
	return tests
}
