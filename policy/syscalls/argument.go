package syscalls

import (
	"fmt"
	"slices"
	"strings"
)

// An Argument is what is given for one argument of a call, or empty if nothing is.
// Two ways to write one value give equal arguments.
type Argument string

// argumentOf normalises a value: what is the same everywhere becomes one number,
// constants that differ between architectures keep their names.
func argumentOf(v Value) Argument {
	if len(v.constants) == 0 {
		return Argument(fmt.Sprintf("%#x", v.x86_64))
	}
	differing := slices.Clone(v.constants)
	slices.Sort(differing)
	differing = slices.Compact(differing)
	var same uint64
	for _, part := range strings.Split(v.Text, "|") {
		if slices.Contains(differing, part) {
			continue
		}
		value, _ := (&textParser{text: part}).value()
		same |= value.x86_64
	}
	if same != 0 {
		differing = append(differing, fmt.Sprintf("%#x", same))
	}
	return Argument(strings.Join(differing, "|"))
}

// On gives the number on an architecture, and whether the argument is given.
func (a Argument) On(arch Arch) (uint64, bool) {
	if a == "" {
		return 0, false
	}
	value, err := (&textParser{text: string(a)}).value()
	return value.On(arch), err == nil
}

// ParseCall reads a system call with the arguments that are known of it:
//
//	NAME
//	NAME(arg0=VALUE, arg3=VALUE)
//
// The errors are those of [CheckName] and a [*TextError].
func ParseCall(text string) (name string, args [6]Argument, err error) {
	p := &textParser{text: text}
	name = p.word()
	p.blanks()
	if p.pos == len(text) {
		return name, args, CheckName(name)
	}
	if !p.take("(") {
		return "", args, p.unexpected("NAME or NAME(arg0=VALUE, ...)")
	}
	if err := CheckName(name); err != nil {
		return "", args, err
	}
	for {
		p.blanks()
		if err := p.given(name, &args); err != nil {
			return "", args, err
		}
		p.blanks()
		if p.take(")") {
			break
		}
		if !p.take(",") {
			return "", args, p.unexpected(", or ) after a value")
		}
	}
	if p.blanks(); p.pos < len(text) {
		return "", args, p.unexpected("the end of the call")
	}
	return name, args, nil
}

// given reads argN=VALUE.
func (p *textParser) given(name string, args *[6]Argument) error {
	start := p.pos
	number, err := p.argument()
	if err != nil {
		return err
	}
	at := &TextError{Offset: start, Length: p.pos - start}
	switch count := Arguments(name); {
	case number >= count:
		at.Message = fmt.Sprintf("%s has %d arguments, and no arg%d", name, count, number)
		return at
	case args[number] != "":
		at.Message = fmt.Sprintf("arg%d is given twice", number)
		return at
	}
	p.blanks()
	if !p.take("=") {
		return p.unexpected("= and a value")
	}
	p.blanks()
	value, err := p.value()
	args[number] = argumentOf(value)
	return err
}

// FormatCall is the inverse of [ParseCall].
func FormatCall(name string, args [6]Argument) string {
	var given []string
	for i, arg := range args {
		if arg != "" {
			given = append(given, fmt.Sprintf("arg%d=%s", i, arg))
		}
	}
	if len(given) == 0 {
		return name
	}
	return name + "(" + strings.Join(given, ", ") + ")"
}
