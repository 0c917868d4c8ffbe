package policy

import (
	"fmt"
	"strings"
	"unicode"
)

// tabCells is what a tab is shown as. A fixed number keeps the caret under its
// token whatever the tab stops of the terminal.
const tabCells = 4

// cells gives s as it can be shown on a terminal and how many cells that takes.
// Tabs become spaces; control and formatting characters, which could move the
// cursor or reverse the line, become their code point in angle brackets.
func cells(s string) (shown string, width int) {
	var b strings.Builder
	for _, r := range s {
		text, n := cell(r)
		b.WriteString(text)
		width += n
	}
	return b.String(), width
}

// cellsOfLines gives a text of several lines as a terminal shows it safely.
func cellsOfLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i], _ = cells(line)
	}
	return strings.Join(lines, "\n")
}

func cell(r rune) (string, int) {
	switch {
	case r == '\t':
		return strings.Repeat(" ", tabCells), tabCells
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
		text := fmt.Sprintf("<U+%04X>", r)
		return text, len(text)
	case unicode.In(r, unicode.Mn, unicode.Me):
		return string(r), 0
	case isWide(r):
		return string(r), 2
	default:
		return string(r), 1
	}
}

// wide holds the blocks of East Asian Width W and F (Unicode TR 11) and the emoji,
// which terminals draw in two cells.
var wide = []struct{ first, last rune }{
	{0x1100, 0x115f},
	{0x231a, 0x231b},
	{0x23e9, 0x23ec},
	{0x25fd, 0x25fe},
	{0x2614, 0x2615},
	{0x2648, 0x2653},
	{0x26a1, 0x26a1},
	{0x2705, 0x2705},
	{0x274c, 0x274c},
	{0x2753, 0x2757},
	{0x2e80, 0x303e},
	{0x3041, 0x33ff},
	{0x3400, 0x4dbf},
	{0x4e00, 0xa4cf},
	{0xa960, 0xa97f},
	{0xac00, 0xd7a3},
	{0xf900, 0xfaff},
	{0xfe30, 0xfe6f},
	{0xff00, 0xff60},
	{0xffe0, 0xffe6},
	{0x1f300, 0x1f64f},
	{0x1f680, 0x1f6ff},
	{0x1f900, 0x1f9ff},
	{0x20000, 0x3fffd},
}

func isWide(r rune) bool {
	if r < wide[0].first {
		return false
	}
	for _, block := range wide {
		if r <= block.last {
			return r >= block.first
		}
	}
	return false
}

// cutRight shortens s to at most width cells, the ellipsis included.
func cutRight(s string, width int) string {
	if _, n := cells(s); n <= width {
		return s
	}
	taken := 1
	for i, r := range s {
		_, n := cell(r)
		if taken+n > width {
			return s[:i] + ellipsis
		}
		taken += n
	}
	return s
}

// cutLeft shortens s to its last width cells, the ellipsis included.
func cutLeft(s string, width int) string {
	_, n := cells(s)
	if n <= width {
		return s
	}
	for i, r := range s {
		if n+1 <= width {
			return ellipsis + s[i:]
		}
		_, w := cell(r)
		n -= w
	}
	return ellipsis
}
