//go:build linux

package integration

import (
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// byCoverage lets attempts that have no answer of their own end as the row of the clause
// says that decides: more denied where that is stronger, and mapped where it is weaker and
// somebody signed for it.
func byCoverage(t *testing.T, p *policy.Policy, attempts []attempt, own bool) []attempt {
	t.Helper()
	rows := coverageIn(t, p, compiler.Native, own)
	out := slices.Clone(attempts)
	for i, a := range out {
		if a.inside != "" || a.access == "" {
			continue
		}
		d := decide(t, p, a.access)
		a.clause = "" // the entry's own row, also where the attempt is about a link to it
		row, found := a.rowOf(rows, d)
		if !d.Allowed && strings.HasPrefix(a.access, "map ") {
			found, row = false, compiler.Coverage{}
			if j := slices.IndexFunc(rows, weaklyMapped); j >= 0 {
				found, row = true, rows[j]
			}
		}
		if found {
			out[i].row = row
		}
	}
	return out
}

// weaklyMapped is the row about what Landlock lets a program map.
func weaklyMapped(row compiler.Coverage) bool {
	return row.Clause == policy.ClauseFilesystemMap && row.Launched.Strength == compiler.Weaker
}

// metadata are the steps of the probe that change no content: a file's attributes, and
// sockets that have a name in a directory.
var metadata = []string{"chmod", "utimes", "bind"}

// covered reports whether an answer is that of Decide, or differs as coverage says.
func (a attempt) covered(d policy.Decision, got string) bool {
	if list, mixed := strings.CutPrefix(got, "mixed: "); mixed {
		if !d.Allowed || a.row.Launched.Strength != compiler.Stronger {
			return false
		}
		for step := range strings.SplitSeq(list, ", ") {
			name, answer, _ := strings.Cut(step, " ")
			if answer != "ok" && !slices.Contains(metadata, name) {
				return false
			}
		}
		return true
	}
	switch {
	case got == noAnswer:
		return false
	case d.Allowed == (got == "ok"):
		return true
	case d.Allowed:
		return a.row.Launched.Strength == compiler.Stronger
	}
	return weaklyMapped(a.row) && a.row.Accepted != nil && strings.HasPrefix(a.access, "map ")
}
