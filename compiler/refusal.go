package compiler

import (
	"fmt"
	"sort"
	"strings"

	"confine/policy"
)

// Refusal says why one clause of a policy cannot be compiled for a target.
type Refusal struct {
	At       policy.Position
	Clause   string
	Message  string
	Expected string
	Found    string
	Hint     string
}

// Refusals are all the reasons at once, sorted by position. They are the error
// of a compile: no bundle is returned beside them.
type Refusals []Refusal

// Error gives one block a refusal, the position first.
func (r Refusals) Error() string {
	sorted := append(Refusals(nil), r...)
	sort.SliceStable(sorted, func(i, j int) bool {
		a, b := sorted[i].At, sorted[j].At
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	var b strings.Builder
	for i, one := range sorted {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: error: %s [%s]", one.At, one.Message, one.Clause)
		for _, note := range []struct{ label, text string }{
			{"found     ", one.Found}, {"expected  ", one.Expected}, {"hint: ", one.Hint},
		} {
			if note.text != "" {
				fmt.Fprintf(&b, "\n      = %s%s", note.label, note.text)
			}
		}
	}
	return b.String()
}
