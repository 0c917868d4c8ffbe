package syscalls

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A TextError is a condition or an argument that says nothing, or nothing
// sensible, and the place in its text.
type TextError struct {
	// Offset and Length locate the offending token, in bytes. At the end of the text
	// Length is zero.
	Offset, Length int
	// Message is one line, lower case, without a full stop.
	Message string
	// Expected says what would be right there, or is empty.
	Expected string

	hint    string
	unknown string // a constant that there is not
	// negative is the amount of a value with a minus, and arg its argument.
	negative uint64
	arg      int
}

// Hint is an edit that cures it, or is empty.
func (e *TextError) Hint() string {
	if e.unknown != "" {
		if near := nearestConstants(e.unknown); len(near) > 0 {
			return "did you mean " + near[0] + "?"
		}
	}
	return e.hint
}

// HintFor is [TextError.Hint] where the call is known, or empty text if it is not.
func (e *TextError) HintFor(syscall string) string {
	widths := argumentsOf(syscall)
	if e.negative == 0 || e.arg >= len(widths) {
		return e.Hint()
	}
	width := widths[e.arg].limit()
	if e.negative > 1<<(width-1) {
		return fmt.Sprintf("-%d is less than any value of %d bits", e.negative, width)
	}
	return fmt.Sprintf("write %#x: arg%d of %s is compared at %d bits", -e.negative&width.Mask(), e.arg, syscall, width)
}

func (e *TextError) Error() string {
	text := e.Message
	if e.Expected != "" {
		text += ": expected " + e.Expected
	}
	if hint := e.Hint(); hint != "" {
		text += " (" + hint + ")"
	}
	return text
}

// A textParser reads a condition or a list of arguments.
type textParser struct {
	text string
	pos  int
	arg  int // the argument that is being compared or given
}

func (p *textParser) blanks() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

// word reads letters, digits and underscores, perhaps none.
func (p *textParser) word() string {
	start := p.pos
	for p.pos < len(p.text) && isWord(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// take reads token if it is next.
func (p *textParser) take(token string) bool {
	if !strings.HasPrefix(p.text[p.pos:], token) {
		return false
	}
	p.pos += len(token)
	return true
}

// unexpected is the error of something else than what is expected at the current
// place.
func (p *textParser) unexpected(expected string) *TextError {
	if p.pos >= len(p.text) {
		return &TextError{Offset: len(p.text), Message: "the text ends too early", Expected: expected}
	}
	start := p.pos
	token := p.word()
	p.pos = start
	if token == "" {
		_, size := utf8.DecodeRuneInString(p.text[start:])
		token = p.text[start : start+size]
	}
	e := &TextError{Offset: start, Length: len(token), Message: fmt.Sprintf("unexpected %q", token), Expected: expected}
	if token == "-" {
		p.negative(e)
	}
	return e
}

// negative makes e say how a value with a minus is written.
func (p *textParser) negative(e *TextError) {
	e.Message = "values have no sign"
	e.hint = "write the bits of the register, such as 0xffffffff for an int of -1"
	digits := &textParser{text: p.text, pos: e.Offset + 1}
	digits.blanks()
	amount, err := parseNumber(digits.word())
	if err != nil || amount == 0 || amount > 1<<63 {
		return
	}
	e.Length = digits.pos - e.Offset
	e.negative, e.arg = amount, p.arg
	e.hint = fmt.Sprintf("write %#x where the argument has 64 bits", -amount)
	if amount <= 1<<31 {
		e.hint = fmt.Sprintf("write %#x where the argument has 32 bits, %#x where it has 64", uint32(-amount), -amount)
	}
}

// argument reads arg0 to arg5.
func (p *textParser) argument() (int, error) {
	const expected = "an argument, arg0 to arg5"
	start := p.pos
	word := p.word()
	number, isArg := strings.CutPrefix(word, "arg")
	switch {
	case isArg && len(number) == 1 && number[0] >= '0' && number[0] <= '5':
		p.arg = int(number[0] - '0')
		return p.arg, nil
	case word == "":
		return 0, p.unexpected(expected)
	}
	e := &TextError{Offset: start, Length: len(word), Message: fmt.Sprintf("%q is no argument", word), Expected: expected}
	if last := word[len(word)-1]; !isArg && len(word) <= 5 && last >= '0' && last <= '5' {
		e.hint = "did you mean arg" + string(last) + "?"
	}
	return 0, e
}
