package lint

import (
	"slices"
	"strings"

	"confine/policy"
)

// Finding is what a rule says of one place of a policy.
type Finding struct {
	Rule *Rule
	// Diagnostic shows it: its place, its line, its message without the code.
	policy.Diagnostic
	// Fix are the edits that cure it, in the file of At; none where nothing safe does.
	Fix []Edit
	// Suppressed is the comment that allows it, or nil.
	Suppressed *Suppression
}

// Edit replaces bytes of a file.
type Edit struct {
	// Start and End are offsets into the file as it was read.
	Start, End int
	New        string
}

// compare orders findings by file, line, column and code.
func (f Finding) compare(other Finding) int {
	a, b := f.At, other.At
	switch {
	case a.File != b.File:
		return strings.Compare(a.File, b.File)
	case a.Line != b.Line:
		return a.Line - b.Line
	case a.Column != b.Column:
		return a.Column - b.Column
	case f.Rule.Code != other.Rule.Code:
		return strings.Compare(f.Rule.Code, other.Rule.Code)
	}
	return strings.Compare(f.Message, other.Message)
}

// Sort orders findings by file, line, column and code, and leaves out what is said twice:
// many policies can extend one that has an error.
func Sort(findings []Finding) []Finding {
	slices.SortStableFunc(findings, Finding.compare)
	return slices.CompactFunc(findings, func(a, b Finding) bool { return a.compare(b) == 0 })
}
