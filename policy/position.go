package policy

import "fmt"

// Position is a place in a policy file. Line and Column count from 1, columns
// in Unicode code points. The zero Position is a default that no file states.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// IsZero reports whether no file states the value.
func (p Position) IsZero() bool { return p.Line == 0 }

// String gives file:line:column, the form that editors and CI can jump to.
func (p Position) String() string {
	if p.IsZero() {
		return "default"
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}
