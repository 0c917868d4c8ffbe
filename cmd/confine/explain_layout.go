package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns is the width that no line of ours exceeds, unless a single word does.
const columns = 100

// paragraph breaks text between words; first begins its first line, and as many blanks
// the others.
func paragraph(first, text string) string {
	indent := strings.Repeat(" ", utf8.RuneCountInString(first))
	var out strings.Builder
	line, width := first, len(indent)
	for i, word := range strings.Fields(visible(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+n > columns:
			out.WriteString(strings.TrimRight(line, " ") + "\n")
			line, width = indent, len(indent)
		default:
			line, width = line+" ", width+1
		}
		line, width = line+word, width+n
	}
	return out.String() + strings.TrimRight(line, " ") + "\n"
}

// labelled is a paragraph behind a label of ten columns.
func labelled(label, text string) string { return paragraph(pad(label, 10), text) }

// pad fills text up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// visible replaces what could move a terminal's cursor.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == ' ' {
			return r
		}
		return utf8.RuneError
	}, text)
}
