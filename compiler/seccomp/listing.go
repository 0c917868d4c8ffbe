package seccomp

import (
	"fmt"
	"strconv"
	"strings"

	"confine/policy/syscalls"
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

// Head says for people who wrote c, how long it takes, and what became of the rules
// that look at arguments.
func (c Compiled) Head() string {
	var out strings.Builder
	fmt.Fprintf(&out, "generator %s, proven\n%s\n", c.Generator, c.Paths)
	for _, part := range c.Parts {
		fmt.Fprintf(&out, "      %s\n", part)
	}
	return out.String()
}

// String is the part on one line: "openat: 10 instructions, case 1 lowered".
func (p Part) String() string {
	text := fmt.Sprintf("%s: %d instructions", p.Syscall, p.Instructions)
	for _, converted := range []struct {
		cases []int
		how   string
	}{
		{p.Lowered, "lowered to comparisons that libseccomp gets right"},
		{p.Assembled, "in part not by libseccomp, which has no form for it that it gets right"},
	} {
		if len(converted.cases) > 0 {
			text += fmt.Sprintf("; case %s %s", numbers(converted.cases), converted.how)
		}
	}
	return text
}

func numbers(cases []int) string {
	var words []string
	for _, number := range cases {
		words = append(words, strconv.Itoa(number))
	}
	return strings.Join(words, ", ")
}

func (in Instruction) describe(index int) string {
	compare := func(operator string) string {
		return fmt.Sprintf("if A %s %#x goto %d else %d", operator, in.K, index+1+int(in.JT), index+1+int(in.JF))
	}
	switch in.Code {
	case opLoad:
		return "A = " + describeWord(in.K)
	case opAnd:
		return fmt.Sprintf("A = A & %#x", in.K)
	case opJump:
		return fmt.Sprintf("goto %d", index+1+int(in.K))
	case opJumpEqual:
		return compare("==")
	case opJumpAbove:
		return compare(">")
	case opJumpAtLeast:
		return compare(">=")
	case opJumpAnyBit:
		return compare("has a bit of")
	case opReturn:
		return "return " + syscalls.Action(in.K).String()
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
