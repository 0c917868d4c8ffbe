package policy

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// span is a half-open range of byte offsets in a source.
type span struct{ start, end int }

// checkpointEvery is the distance in bytes between two stored column counts: it
// bounds the work of one position whatever the length of the line.
const checkpointEvery = 512

// source is one policy file and the index that turns byte offsets into positions.
type source struct {
	file string
	text string
	// lines holds the offset of the first byte of every line.
	lines []int
	// columns holds, for every checkpointEvery bytes, the number of code points
	// since the start of that checkpoint's line.
	columns []int
	// order is when the file was read: the policy first, then what it extends.
	order int
	// comments are the comments, in the order of the text.
	comments []span
	// secrets are the values that no diagnostic may show, sorted and disjoint.
	secrets []span
}

func newSource(file, text string) *source {
	s := &source{file: file, text: text, lines: []int{0}}
	column := 0
	for i := range len(text) {
		if i%checkpointEvery == 0 {
			s.columns = append(s.columns, column)
		}
		if utf8.RuneStart(text[i]) {
			column++
		}
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
			column = 0
		}
	}
	return s
}

// lineIndex gives the index into lines of the line that offset lies on.
func (s *source) lineIndex(offset int) int {
	return sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > offset }) - 1
}

// line gives the line that offset lies on, without its line break.
func (s *source) line(offset int) span {
	i := s.lineIndex(offset)
	end := len(s.text)
	if i+1 < len(s.lines) {
		end = s.lines[i+1] - 1
	}
	if end > s.lines[i] && s.text[end-1] == '\r' {
		end--
	}
	return span{s.lines[i], end}
}

// position gives the line and column of a byte offset. An offset past the end is
// the end.
func (s *source) position(offset int) Position {
	offset = max(0, min(offset, len(s.text)))
	line := s.lineIndex(offset)
	from, column := s.lines[line], 0
	if c := offset / checkpointEvery; c < len(s.columns) && c*checkpointEvery > from {
		from, column = c*checkpointEvery, s.columns[c]
	}
	for ; from < offset; from++ {
		if utf8.RuneStart(s.text[from]) {
			column++
		}
	}
	return Position{File: s.file, Line: line + 1, Column: column + 1}
}

// hidden reports whether any byte of sp belongs to a value that must not be shown.
func (s *source) hidden(sp span) bool {
	i := sort.Search(len(s.secrets), func(i int) bool { return s.secrets[i].end > sp.start })
	return i < len(s.secrets) && s.secrets[i].start < max(sp.end, sp.start+1)
}

func (s *source) slice(sp span) string { return s.text[sp.start:sp.end] }

// secretMask stands for a value that must not be shown, whatever its length.
const secretMask = "***"

// shown gives the line at offset as a diagnostic may show it, and the map from
// byte offsets of the file to byte offsets of that string.
func (s *source) shown(offset int) (string, func(int) int) {
	line := s.line(offset)
	var out strings.Builder
	type shift struct{ from, to, at int }
	var shifts []shift
	next := line.start
	first := sort.Search(len(s.secrets), func(i int) bool { return s.secrets[i].end > line.start })
	for _, secret := range s.secrets[first:] {
		from, to := max(secret.start, line.start), min(secret.end, line.end)
		if from >= line.end {
			break
		}
		out.WriteString(s.text[next:from])
		shifts = append(shifts, shift{from, to, out.Len()})
		out.WriteString(secretMask)
		next = to
	}
	out.WriteString(s.text[min(next, line.end):line.end])
	return out.String(), func(at int) int {
		moved := at - line.start
		for _, sh := range shifts {
			switch {
			case at >= sh.to:
				moved = sh.at + len(secretMask) + (at - sh.to)
			case at > sh.from:
				return sh.at + len(secretMask)
			}
		}
		return moved
	}
}
