package policy

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// Diagnostic is one thing that is wrong with a policy file, the place, and what
// to change. It never holds a value of environment.set.
type Diagnostic struct {
	// At is the first character of the offending token.
	At Position `json:"at"`
	// EndColumn is the column after the token's last character on the line of At.
	EndColumn int `json:"end_column"`
	// Message is one line, lower case, without a full stop.
	Message string `json:"message"`
	// Notes are further lines: what was expected, what was found, why it matters.
	Notes []string `json:"notes,omitempty"`
	// Hint is an edit that cures it, in one line or several, or empty.
	Hint string `json:"hint,omitempty"`
	// Severity is "warning" or "info" where it is less than an error.
	Severity string `json:"severity,omitempty"`
	// Docs is the command that tells more, or empty.
	Docs string `json:"docs,omitempty"`
	// Source is the line of At without its line break, and of a very long line the part
	// around the token. Secrets in it are replaced.
	Source string `json:"source"`

	// offset and width place the caret in Source, in bytes. They differ from At and
	// EndColumn where Source has a secret replaced before the token.
	offset, width int
	placed        bool
	// parameter is the one that the diagnostic is about, or empty.
	parameter string
}

// Diagnostics is everything that is wrong with a policy file, sorted by place.
// It is the error of [Parse]; it is never empty when it is an error.
type Diagnostics []Diagnostic

// Error gives the first diagnostic on one line and how many more there are.
func (ds Diagnostics) Error() string {
	switch len(ds) {
	case 0:
		return "no diagnostics"
	case 1:
		return fmt.Sprintf("%s: %s", ds[0].At, ds[0].Message)
	default:
		return fmt.Sprintf("%s: %s (and %d more)", ds[0].At, ds[0].Message, len(ds)-1)
	}
}

// maxDiagnostics bounds what one file can make us say.
const maxDiagnostics = 100

// reports collects what is wrong with a policy and the policies that it extends.
type reports struct {
	// files counts the sources, in the order in which they were read.
	files int
	found []*report
	// places are where the positions stand that were given out.
	places places
	memory *Memory
	// values are those of the parameters: nothing shows them.
	values []string
}

// worthSaying reports whether a long explanation of the last report can still be read.
func (r *reports) worthSaying() bool { return len(r.found) <= maxDiagnostics }

// places leads from a position back to the token that stands there.
type places map[Position]place

// place is one token of a file.
type place struct {
	src *source
	at  span
}

// reporter collects diagnostics while one file is read.
type reporter struct {
	src *source
	*reports
}

// file starts the report on one more file.
func (r *reports) file(name, text string) *reporter {
	if r.places == nil {
		r.places = places{}
	}
	src := newSource(name, text)
	src.order = r.files
	r.files++
	return &reporter{src: src, reports: r}
}

// report is a diagnostic that is still being written.
type report struct {
	src     *source
	at      span
	message string
	notes   []string
	hint    string
	// parameter is the one that it is about, or empty.
	parameter string
}

func (r *reporter) add(at span, format string, args ...any) *report {
	return r.put(place{r.src, at}, format, args...)
}

func (r *reports) put(at place, format string, args ...any) *report {
	d := &report{src: at.src, at: at.at, message: fmt.Sprintf(format, args...)}
	r.found = append(r.found, d)
	return d
}

// addAt reports on something that was read before.
func (r *reports) addAt(at Position, format string, args ...any) *report {
	return r.put(r.places[at], format, args...)
}

// position gives the place of a token, and remembers the token.
func (r *reporter) position(at span) Position {
	pos := r.src.position(at.start)
	r.places[pos] = place{r.src, at}
	return pos
}

func (d *report) note(format string, args ...any) *report {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
	return d
}

func (d *report) advise(format string, args ...any) *report {
	d.hint = fmt.Sprintf(format, args...)
	return d
}

// diagnostics sorts what was found, the policy itself before what it extends, and
// adds the source lines.
func (r *reports) diagnostics() Diagnostics {
	sort.SliceStable(r.found, func(i, j int) bool {
		a, b := r.found[i], r.found[j]
		if a.src != b.src {
			return a.src.order < b.src.order
		}
		return a.at.start < b.at.start
	})
	var out Diagnostics
	for i, d := range r.found {
		if i == maxDiagnostics {
			last := &out[len(out)-1]
			last.Notes = append(last.Notes, fmt.Sprintf("%d more errors follow; these are the first %d",
				len(r.found)-maxDiagnostics, maxDiagnostics))
			break
		}
		out = append(out, d.finish())
	}
	return out
}

func (d *report) finish() Diagnostic {
	line := d.src.line(d.at.start)
	start := min(d.at.start, line.end)
	end := max(start, min(d.at.end, line.end))
	text, moved := d.src.shown(start)
	from, to := moved(start), moved(end)
	if from == to && strings.HasSuffix(text[:from], secretMask) {
		from -= len(secretMask) // a token inside of what is hidden: the caret goes under the mask
	}
	text, from, to = window(text, from, to)
	at := d.src.position(start)
	// Names of the file and messages of the decoder may hold control characters.
	message, _ := cells(d.message)
	hint := cellsOfLines(d.hint)
	var notes []string
	for _, note := range d.notes {
		safe, _ := cells(note)
		notes = append(notes, safe)
	}
	return Diagnostic{
		At:        at,
		EndColumn: max(d.src.position(end).Column, at.Column+1),
		Message:   message,
		Notes:     notes,
		Hint:      hint,
		Source:    text,
		offset:    from,
		width:     to - from,
		placed:    true,
		parameter: d.parameter,
	}
}

// maxAround is how much of a line, in bytes, is kept before, in and after the token.
const maxAround = 400

// window cuts a very long line to what stands around the bytes from to to, and
// gives their place in what is left.
func window(text string, from, to int) (string, int, int) {
	if len(text) <= 3*maxAround {
		return text, from, to
	}
	runeStart := func(i int) int {
		for i > 0 && i < len(text) && !utf8.RuneStart(text[i]) {
			i--
		}
		return i
	}
	to = runeStart(min(to, from+maxAround))
	left, right := runeStart(max(0, from-maxAround)), runeStart(min(len(text), to+maxAround))
	prefix, suffix := "", ""
	if left > 0 {
		prefix = ellipsis
	}
	if right < len(text) {
		suffix = ellipsis
	}
	shift := len(prefix) - left
	return prefix + text[left:right] + suffix, from + shift, to + shift
}
