package lint

import "confine/policy"

// Severity says how much a finding matters.
type Severity int

// The severities, the least first.
const (
	// Info is what a reader of the policy should know.
	Info Severity = iota
	// Warning is what is probably a mistake, or gives away more than is needed.
	Warning
	// Error is what no policy should say.
	Error
)

// String gives the word that messages and formats have.
func (s Severity) String() string { return [...]string{"info", "warning", "error"}[s] }

// Rule is one thing that can be wrong with a policy.
type Rule struct {
	// Code is stable: "CF", the group of the rule, two digits. A code is never used again.
	Code     string
	Severity Severity
	// Title is one line that says what is wrong, lower case.
	Title string
	// Why says what it gives away or breaks, in one or several paragraphs.
	Why string
	// Instead says what to write.
	Instead string
	// EachPolicy says that every policy answers for itself: what a base states is told of who
	// extends it too, whatever a comment in the base allows.
	EachPolicy bool
	// Bad is an example that the rule finds something in, Good one that it does not.
	Bad, Good Example

	check func(s *Subject) []Found
}

// Example is a policy that shows a rule.
type Example struct {
	// Policy is a complete policy, whose file is called NAME.toml after its name.
	Policy string
	// Tests are its tests, or empty.
	Tests string
	// Fixed is what --fix makes of the policy, or empty where it changes nothing.
	Fixed string
}

// Found is one place at which a rule has something to say.
type Found struct {
	// At is a position that the policy gave out: of an entry, also one of a base, or
	// [policy.Policy.NameAt] for what concerns all of it.
	At policy.Position
	// Message is one line, lower case, without a full stop; empty is the rule's title.
	Message string
	// Notes are further lines, as in [policy.Diagnostic].
	Notes []string
	// Hint is an edit that cures what was found, or empty: TOML in place of the token at At, keys
	// of the table that it stands in, or whole tables with their headers; or else words.
	Hint string
	// Remove says that the entry at At has no effect and can go: --fix takes it away.
	Remove bool
	// Replace is what --fix writes in place of the token at At, or empty.
	Replace string
}

// groups are the parts of the language that rules protect, by the first digit of their
// codes.
var groups = []struct{ digit, name string }{
	{"0", "the file"},
	{"1", "network"},
	{"2", "files"},
	{"3", "backends and exceptions"},
	{"4", "resource limits"},
	{"5", "capabilities"},
	{"6", "system calls"},
	{"7", "environment"},
	{"8", "process"},
	{"9", "the language, tests and suppressions"},
}

// Group is what the rule protects.
func (r *Rule) Group() string {
	for _, g := range groups {
		if r.Code[2:3] == g.digit {
			return g.name
		}
	}
	return ""
}
