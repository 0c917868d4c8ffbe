package lint

import (
	"cmp"
	"path"
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
	// Ignored says that its rule is not asked of the policy.
	Ignored bool

	// stated is what the finding is about, also where that is in a base, and inherited
	// says that it is.
	stated    place
	inherited bool
}

// place is a position in one of the policies of a run, however its file was named.
type place struct {
	file         string
	embedded     bool
	line, column int
}

// placeOf gives the place of a position; embedded says that its file ships with confine.
func placeOf(at policy.Position, embedded bool) place {
	return place{path.Clean(at.File), embedded, at.Line, at.Column}
}

// Settle leaves out what is told of a policy because of an entry in a base, where the same
// rule tells the same of the base itself. It takes the findings of a whole run: what only
// the base and the policy make together is told of the policy.
func Settle(findings []Finding) []Finding {
	type told struct {
		code string
		at   place
	}
	own := map[told]bool{}
	for _, f := range findings {
		if !f.inherited && !f.Ignored {
			own[told{f.Rule.Code, f.stated}] = true
		}
	}
	return slices.DeleteFunc(findings, func(f Finding) bool {
		return f.inherited && !f.Rule.EachPolicy && own[told{f.Rule.Code, f.stated}]
	})
}

// Asked takes the findings apart: those of the rules that are asked, and those of the
// others that no comment allows.
func Asked(findings []Finding) (asked, ignored []Finding) {
	for _, f := range findings {
		switch {
		case !f.Ignored:
			asked = append(asked, f)
		case f.Suppressed == nil:
			ignored = append(ignored, f)
		}
	}
	return asked, ignored
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

// hidden orders what says the same: what nobody allows stays.
func (f Finding) hidden() int {
	switch {
	case f.Ignored:
		return 2
	case f.Suppressed != nil:
		return 1
	}
	return 0
}

// Sort orders findings by file, line, column and code, and leaves out what is said twice:
// many policies can extend one that has an error.
func Sort(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Or(a.compare(b), a.hidden()-b.hidden()) })
	return slices.CompactFunc(findings, func(a, b Finding) bool { return a.compare(b) == 0 })
}
