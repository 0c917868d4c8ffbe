package seccomp

import (
	"fmt"
	"strings"
)

// String lists p for people: one line an instruction, numbered from 0, with
// the numbers that it goes to.
func (p Program) String() string {
	var out strings.Builder
	for i, in := range p {
		fmt.Fprintf(&out, "%4d  %s\n", i, in.describe(i))
	}
	return out.String()
}

func (in Instruction) describe(index int) string {
	compare := func(operator string) string {
		return fmt.Sprintf("if A %s %#x goto %d else %d", operator, in.K, index+1+int(in.JT), index+1+int(in.JF))
	}
	switch in.Code {
	case opLoad:
		return "A = " + describeWord(in.K)
	case opJump:
		return fmt.Sprintf("goto %d", index+1+int(in.K))
	case opJumpEqual:
		return compare("==")
	case opJumpAtLeast:
		return compare(">=")
	case opJumpAnyBit:
		return compare("has a bit of")
	case opReturn:
		return "return " + Action(in.K).String()
	}
	return fmt.Sprintf("operation %#x, %d, %d, %#x", in.Code, in.JT, in.JF, in.K)
}

func describeWord(offset uint32) string {
	switch {
	case offset == offsetNumber:
		return "number"
	case offset == offsetArch:
		return "architecture"
	case offset >= offsetArgs && offset < dataSize && offset%8 == 0:
		return fmt.Sprintf("low half of arg%d", (offset-offsetArgs)/8)
	case offset >= offsetArgs && offset < dataSize && offset%8 == 4:
		return fmt.Sprintf("high half of arg%d", (offset-offsetArgs)/8)
	}
	return fmt.Sprintf("word at byte %d", offset)
}

// String lists f for people: what is answered without a rule, then one line a
// rule.
func (f Filter) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "architecture %s\n", f.Arch)
	fmt.Fprintf(&out, "other architectures: %s\n", f.Foreign)
	fmt.Fprintf(&out, "calls without a rule: %s\n", f.Default)
	fmt.Fprintf(&out, "numbers without a name: %s\n", f.Unknown)
	for _, rule := range f.Rules {
		fmt.Fprintf(&out, "%4d  %s\n", rule.Number, rule)
	}
	return out.String()
}

// String is r on one line: "ioctl: EPERM if arg1 is TIOCSTI; otherwise allow".
func (r Rule) String() string {
	var out strings.Builder
	out.WriteString(r.Name + ": ")
	for _, c := range r.Cases {
		var conditions []string
		for _, condition := range c.When {
			conditions = append(conditions, condition.String())
		}
		fmt.Fprintf(&out, "%s if %s; ", c.Then, strings.Join(conditions, " and "))
	}
	if len(r.Cases) > 0 {
		out.WriteString("otherwise ")
	}
	out.WriteString(r.Otherwise.String())
	return out.String()
}

// String is c in words: "arg0 is AF_INET or AF_INET6".
func (c Condition) String() string {
	if len(c.AnyOf) > 0 {
		return fmt.Sprintf("arg%d has %s", c.Arg, alternatives(c.AnyOf))
	}
	return fmt.Sprintf("arg%d is %s", c.Arg, alternatives(c.Equals))
}

func alternatives(constants []Constant) string {
	var names []string
	for _, constant := range constants {
		names = append(names, constant.String())
	}
	return strings.Join(names, " or ")
}

// String is the name of c, or its value if it has none.
func (c Constant) String() string {
	if c.Name == "" {
		return fmt.Sprintf("%#x", c.Value)
	}
	return c.Name
}
