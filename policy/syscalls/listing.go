package syscalls

import (
	"fmt"
	"strings"
)

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
		var tests []string
		for _, test := range c.When {
			tests = append(tests, test.String())
		}
		fmt.Fprintf(&out, "%s if %s; ", c.Then, strings.Join(tests, " and "))
	}
	if len(r.Cases) > 0 {
		out.WriteString("otherwise ")
	}
	out.WriteString(r.Otherwise.String())
	return out.String()
}

// String is t in words: "arg0 is AF_INET or AF_INET6". A width that is not that of
// an int is told.
func (t Test) String() string {
	arg := fmt.Sprintf("arg%d", t.Arg)
	if t.Width != Low32 {
		arg += fmt.Sprintf(" (%d bits)", t.Width)
	}
	if t.Mask != 0 {
		arg += fmt.Sprintf(" & %#x", t.Mask)
	}
	words := map[Operator]string{
		OneOf: "is", NoneOf: "is not", AnyBit: "has",
		Less: "<", LessOrEqual: "<=", Greater: ">", GreaterOrEqual: ">=",
	}
	return fmt.Sprintf("%s %s %s", arg, words[t.Op], alternatives(t.Values))
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
