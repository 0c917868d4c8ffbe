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

// Sort puts refusals in the order of their positions, those of no position first.
func (r Refusals) Sort() {
	sort.SliceStable(r, func(i, j int) bool {
		if r[i].At != r[j].At {
			return before(r[i].At, r[j].At)
		}
		return r[i].Message < r[j].Message
	})
}

// before orders positions as a reader meets them.
func before(a, b policy.Position) bool {
	switch {
	case a.File != b.File:
		return a.File < b.File
	case a.Line != b.Line:
		return a.Line < b.Line
	}
	return a.Column < b.Column
}

// Diagnostics gives the refusals with the lines of the policy that they are about.
func (r Refusals) Diagnostics(p *policy.Policy) policy.Diagnostics {
	sorted := append(Refusals(nil), r...)
	sorted.Sort()
	var out policy.Diagnostics
	for _, one := range sorted {
		out = append(out, p.Diagnose(one.At, fmt.Sprintf("%s [%s]", one.Message, one.Clause), one.notes(), one.Hint))
	}
	return out
}

func (r Refusal) notes() []string {
	var notes []string
	if r.Found != "" {
		notes = append(notes, "found     "+r.Found)
	}
	if r.Expected != "" {
		notes = append(notes, "expected  "+r.Expected)
	}
	return notes
}

// Error gives one block a refusal, the position first.
func (r Refusals) Error() string {
	sorted := append(Refusals(nil), r...)
	sorted.Sort()
	var b strings.Builder
	for i, one := range sorted {
		if i > 0 {
			b.WriteByte('\n')
		}
		if !one.At.IsZero() {
			fmt.Fprintf(&b, "%s: ", one.At)
		}
		fmt.Fprintf(&b, "error: %s [%s]", one.Message, one.Clause)
		notes := one.notes()
		if one.Hint != "" {
			notes = append(notes, "hint: "+one.Hint)
		}
		for _, note := range notes {
			b.WriteString("\n      = " + note)
		}
	}
	return b.String()
}
