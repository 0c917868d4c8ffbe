package policy

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxSourceWidth is the number of terminal cells that a shown source line takes
// at most; longer lines are cut around the token.
const maxSourceWidth = 90

// maxNoteWidth is the number of characters of a line of a note, so that no line of
// a diagnostic but its first is wider than 100 columns.
const maxNoteWidth = 90

// ellipsis stands for what was cut.
const ellipsis = "…"

// Render writes every diagnostic as file:line:column, message, source line with
// a caret under the token, notes and hint.
func (ds Diagnostics) Render(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i, d := range ds {
		if i > 0 {
			fmt.Fprintln(out)
		}
		d.render(out)
	}
	return out.Flush()
}

// String gives what [Diagnostics.Render] writes for this diagnostic alone.
func (d Diagnostic) String() string {
	var b strings.Builder
	d.render(&b)
	return b.String()
}

func (d Diagnostic) render(w io.Writer) {
	severity := d.Severity
	if severity == "" {
		severity = "error"
	}
	if d.At.IsZero() {
		fmt.Fprintf(w, "%s: %s\n", severity, d.Message)
	} else {
		at, _ := cells(d.At.String()) // the name of a file can hold anything
		fmt.Fprintf(w, "%s: %s: %s\n", at, severity, d.Message)
	}
	if d.placed || d.Source != "" {
		d.renderSource(w)
	}
	for _, note := range d.Notes {
		fmt.Fprintf(w, "      = %s\n", wrap(note))
	}
	if d.Hint != "" {
		fmt.Fprintf(w, "      = hint: %s\n", strings.ReplaceAll(d.Hint, "\n", "\n              "))
	}
	if d.Docs != "" {
		fmt.Fprintf(w, "      = docs: %s\n", d.Docs)
	}
}

func (d Diagnostic) renderSource(w io.Writer) {
	source, indent, width := d.excerpt()
	fmt.Fprintf(w, "%5d | %s\n", d.At.Line, source)
	fmt.Fprintf(w, "      | %s%s\n", strings.Repeat(" ", indent), strings.Repeat("^", width))
}

// excerpt gives the part of the source line that is shown, and the place and
// width of the caret in terminal cells.
func (d Diagnostic) excerpt() (text string, indent, width int) {
	start, end := d.offset, d.offset+d.width
	if !d.placed {
		start = byteOffset(d.Source, d.At.Column-1)
		end = byteOffset(d.Source, d.EndColumn-1)
	}
	before, _ := cells(d.Source[:start])
	token, tokenWidth := cells(d.Source[start:end])
	after, _ := cells(d.Source[end:])

	token = cutRight(token, maxSourceWidth-2)
	tokenWidth = min(tokenWidth, maxSourceWidth-2)
	room := maxSourceWidth - tokenWidth
	_, beforeWidth := cells(before)
	if _, afterWidth := cells(after); beforeWidth+afterWidth > room {
		// The text before the token says which key it belongs to: it gets two thirds.
		before = cutLeft(before, max(room*2/3, room-afterWidth))
		_, beforeWidth = cells(before)
		after = cutRight(after, room-beforeWidth)
	}
	return strings.TrimRight(before+token+after, " "), beforeWidth, max(tokenWidth, 1)
}

// wrap breaks a long note between words; a broken list stays under its first item.
func wrap(note string) string {
	indent := 0
	if i := strings.Index(note, "  "); i >= 0 {
		indent = len(note) - len(strings.TrimLeft(note[i:], " "))
	}
	var out strings.Builder
	width := 0
	for i, word := range strings.Split(note, " ") {
		n := utf8.RuneCountInString(word) + 1
		switch {
		case i == 0:
		case width+n > maxNoteWidth:
			out.WriteString("\n        " + strings.Repeat(" ", indent))
			width = indent
		default:
			out.WriteByte(' ')
		}
		out.WriteString(word)
		width += n
	}
	return out.String()
}

// byteOffset gives the offset of the rune with the given index, or the end.
func byteOffset(s string, runes int) int {
	for i := range s {
		if runes <= 0 {
			return i
		}
		runes--
	}
	return len(s)
}
