package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"confine/policy"
)

// testCoverage is what the tests of a policy do not exercise of its own file.
type testCoverage struct {
	Unexercised []policy.Entry `json:"unexercised"`
	// Unknown says why it could not be told; Unexercised is then empty.
	Unknown string `json:"unknown,omitempty"`
}

// cover looks for the entries that no case exercises.
func (t *testedPolicy) cover() {
	if t.problem != nil {
		return
	}
	t.Coverage = &testCoverage{Unexercised: []policy.Entry{}}
	entries, err := t.tests.Unexercised(t.resolve)
	if err != nil {
		t.Coverage.Unknown = err.Error()
		return
	}
	for _, e := range entries {
		if e.At.File == t.Policy { // a base has tests of its own
			t.Coverage.Unexercised = append(t.Coverage.Unexercised, e)
		}
	}
}

// complete reports whether every entry is exercised.
func (c *testCoverage) complete() bool { return len(c.Unexercised) == 0 && c.Unknown == "" }

// coverageText is what a person reads of what is not exercised, empty where all is.
func (t *testedPolicy) coverageText() string {
	switch {
	case t.Coverage.Unknown != "":
		return paragraph("", fmt.Sprintf("%s: what its cases exercise is not known: %s", t.Policy, t.Coverage.Unknown)) + "\n"
	case t.Coverage.complete():
		return ""
	}
	return fmt.Sprintf("%s: no case exercises\n%s\n", visible(t.Policy), t.Coverage.table())
}

// table has a line for each entry: clause, subject and place. A subject that does not fit
// has its place on the next line.
func (c *testCoverage) table() string {
	clauseWidth, subjectWidth, placeWidth := 0, 0, 0
	for _, e := range c.Unexercised {
		clauseWidth = max(clauseWidth, len(e.Clause))
		placeWidth = max(placeWidth, utf8.RuneCountInString(e.At.String()))
	}
	room := columns - 2 - clauseWidth - 2 - 2 - placeWidth
	for _, e := range c.Unexercised {
		if n := utf8.RuneCountInString(e.Subject); n <= room {
			subjectWidth = max(subjectWidth, n)
		}
	}
	var out strings.Builder
	for _, e := range c.Unexercised {
		first, place := "  "+pad(e.Clause, clauseWidth)+"  ", visible(e.At.String())
		if utf8.RuneCountInString(e.Subject) <= subjectWidth {
			fmt.Fprintf(&out, "%s%s  %s\n", first, pad(visible(e.Subject), subjectWidth), place)
			continue
		}
		fmt.Fprintf(&out, "%s%s%s\n", paragraph(first, e.Subject), strings.Repeat(" ", len(first)), place)
	}
	return out.String()
}

// coverage is the end of the verdict, empty where nobody asked.
func (n testCounts) coverage() string {
	switch {
	case !n.covered:
		return ""
	case n.unknown > 0:
		return fmt.Sprintf("; no case exercises %s, %s not known", count(n.unexercised, "entry", "entries"), count(n.unknown, "policy", "policies"))
	case n.unexercised > 0:
		return "; no case exercises " + count(n.unexercised, "entry", "entries")
	case n.broken > 0:
		return "; of the others every entry is exercised"
	}
	return "; every entry is exercised"
}
