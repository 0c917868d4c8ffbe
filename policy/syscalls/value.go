package syscalls

import (
	"fmt"
	"strconv"
	"strings"
)

// A Value is a number as a policy writes it: decimal, 0x hexadecimal, 0o octal, a
// symbolic constant, or several of these joined by "|". What a constant stands for
// may differ between architectures.
type Value struct {
	// Text is the value as written, without blanks.
	Text string
	// Offset and Length locate it in the text that it was read from, in bytes.
	Offset, Length int

	x86_64, aarch64 uint64
	// constants are the names in Text whose value differs between architectures.
	constants []string
}

// On gives the number on an architecture of [Arches].
func (v Value) On(a Arch) uint64 {
	if a == AArch64 {
		return v.aarch64
	}
	return v.x86_64
}

// named gives the value on a as a filter lists it.
func (v Value) named(a Arch) Constant {
	if strings.Trim(v.Text[:1], "0123456789") == "" && !strings.Contains(v.Text, "|") {
		return Constant{Value: v.On(a)}
	}
	return Constant{Name: v.Text, Value: v.On(a)}
}

const expectedValue = "a number (12, 0x1f, 0o755), a constant such as AF_INET, or several joined by |"

// value reads a value at the current place.
func (p *textParser) value() (Value, error) {
	v := Value{Offset: p.pos}
	var parts []string
	for {
		start := p.pos
		word := p.word()
		if word == "" {
			return Value{}, p.unexpected(expectedValue)
		}
		x86, arm, err := p.part(word, start)
		if err != nil {
			return Value{}, err
		}
		if x86 != arm {
			v.constants = append(v.constants, word)
		}
		v.x86_64, v.aarch64 = v.x86_64|x86, v.aarch64|arm
		parts = append(parts, word)
		v.Length = p.pos - v.Offset
		p.blanks()
		if strings.HasPrefix(p.text[p.pos:], "||") || !p.take("|") {
			v.Text = strings.Join(parts, "|")
			return v, nil
		}
		p.blanks()
	}
}

// part gives one number or constant on both architectures.
func (p *textParser) part(word string, start int) (x86, arm uint64, err error) {
	at := func(message string) *TextError {
		return &TextError{Offset: start, Length: len(word), Message: message}
	}
	if word[0] >= '0' && word[0] <= '9' {
		number, err := parseNumber(word)
		if err != nil {
			e := at(err.Error())
			e.Expected = expectedValue
			if octal := strings.TrimLeft(word, "0"); word[0] == '0' && octal != "" && strings.Trim(octal, "01234567") == "" {
				e.hint = "did you mean 0o" + octal + "?"
			}
			return 0, 0, e
		}
		return number, number, nil
	}
	entry, known := constantNamed(word)
	switch {
	case !known:
		e := at(fmt.Sprintf("unknown constant %q", word))
		e.Expected = expectedValue
		e.unknown = word
		return 0, 0, e
	case entry.only != 0:
		e := at(fmt.Sprintf("%s exists on %s only, and a policy holds on every architecture", word, entry.only))
		e.hint = fmt.Sprintf("write its number, %#x", entry.x86_64|entry.aarch64)
		return 0, 0, e
	}
	return entry.x86_64, entry.aarch64, nil
}

// parseNumber reads a number of the text form. The error is for people.
func parseNumber(word string) (uint64, error) {
	digits, base := word, 10
	switch {
	case strings.HasPrefix(word, "0x"):
		digits, base = word[2:], 16
	case strings.HasPrefix(word, "0o"):
		digits, base = word[2:], 8
	case len(word) > 1 && word[0] == '0':
		return 0, fmt.Errorf("%q has a leading zero, which is octal in C and decimal elsewhere", word)
	}
	number, err := strconv.ParseUint(digits, base, 64)
	switch {
	case err == nil:
		return number, nil
	case strings.Contains(err.Error(), strconv.ErrRange.Error()):
		return 0, fmt.Errorf("%s does not fit into 64 bits", word)
	}
	return 0, fmt.Errorf("%q is not a number", word)
}
