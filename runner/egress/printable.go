//go:build linux

package egress

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// printable gives a text in which everything but printable ASCII is escaped, and which is
// not endless.
func printable(text string) string {
	if len(text) <= maxText && strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 && b.Len() < maxText {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	if len(text) > 0 {
		b.WriteString("...")
	}
	return b.String()
}

// isHostname reports whether a name in lower case has only the characters of hosts. An
// underscore is none of them, but real hosts have it.
func isHostname(name string) bool {
	for i := range len(name) {
		if !inHostname(name[i]) {
			return false
		}
	}
	return name != ""
}

func inHostname(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// shownName gives a name of the DNS as it is written in master files (RFC 1035, 5.1): each
// octet that is not of a host's name is a backslash and three decimal digits.
func shownName(name string) string {
	if name == "" {
		return "."
	}
	if isHostname(name) {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if inHostname(name[i]) {
			b.WriteByte(name[i])
		} else {
			fmt.Fprintf(&b, `\%03d`, name[i])
		}
	}
	return b.String()
}
