package compiler

import (
	"slices"
	"strings"

	"confine/policy"
)

// Strength compares what a mechanism enforces with what the policy says.
type Strength string

// The strengths, from the best to the worst.
const (
	// Exact means that what is enforced is what [policy.Policy.Decide] says.
	Exact Strength = "exact"
	// Stronger means that more is denied than the policy denies.
	Stronger Strength = "stronger"
	// Weaker means that something is allowed that the policy denies.
	Weaker Strength = "weaker"
	// None means that the mechanism does not enforce the clause at all.
	None Strength = "none"
)

// Sufficient reports whether a launch under this strength keeps the promise
// that what is declared is enforced.
func (s Strength) Sufficient() bool { return s == Exact || s == Stronger }

// By is a verdict of this strength.
func (s Strength) By(how string) Verdict { return Verdict{Strength: s, How: how} }

// Verdict is a strength with what brings it about.
type Verdict struct {
	Strength Strength `json:"strength"`
	// How names the mechanism, or says what is missing.
	How string `json:"how"`
}

// Coverage says how well one clause of a policy is enforced.
type Coverage struct {
	// Clause is the identifier that Decision.Clause uses too, for example
	// "filesystem.read".
	Clause string `json:"clause"`
	// Subject is the value of the clause, for example the path; it may be empty.
	Subject string          `json:"subject,omitempty"`
	At      policy.Position `json:"at"`
	// Launched is the verdict when confine run starts the program.
	Launched Verdict `json:"launched"`
	// Standalone is the verdict when the artifact is used without confine.
	Standalone Verdict `json:"standalone"`
	// Existence says whether names and metadata of hidden things stay visible;
	// it fails no compile.
	Existence string `json:"existence,omitempty"`
	// Accepted is the exception that lets the launched verdict be less.
	Accepted *Exception `json:"accepted,omitempty"`
}

// Exception is what a row needs of an [[accept]].
type Exception struct {
	Reason string `json:"reason"`
	// Until is its last day, as in 2027-06-30.
	Until string          `json:"until"`
	At    policy.Position `json:"at"`
}

// LaunchedOnly takes the verdicts for use without confine away, where they are not known.
func LaunchedOnly(rows []Coverage) []Coverage {
	for i := range rows {
		rows[i].Standalone = Verdict{}
	}
	return rows
}

// SortCoverage puts rows in the order of clause, subject and position.
func SortCoverage(rows []Coverage) {
	slices.SortStableFunc(rows, func(a, b Coverage) int {
		switch {
		case a.Clause != b.Clause:
			return strings.Compare(a.Clause, b.Clause)
		case a.Subject != b.Subject:
			return strings.Compare(a.Subject, b.Subject)
		case before(a.At, b.At):
			return -1
		case before(b.At, a.At):
			return 1
		}
		return 0
	})
}
