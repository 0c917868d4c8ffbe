//go:build linux

package integration

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/policy"
)

// signed are the clauses that gVisor enforces less than they say: each lets something
// pass that Decide denies, and no other does. What on_deny does is no access.
var signed = []string{
	policy.ClauseFilesystemMap, // execute bits
	policy.RlimitClause("data"), policy.RlimitClause("locks"), policy.RlimitClause("msgqueue"), policy.RlimitClause("nice"),
	policy.RlimitClause("rss"), policy.RlimitClause("sigpending"),
}

// TestDifferences holds the table against the coverage that is compiled: what an engine
// does otherwise than Decide says, the row of the clause that decides must say. More is
// denied only where that is stronger, and less only where it is weaker and somebody
// signed for it. TestAccesses shows that the table says what happens.
func TestDifferences(t *testing.T) {
	worlds := accessWorlds(t)
	for _, e := range everyEngine {
		t.Run(e.name(), func(t *testing.T) {
			counted, weaker := map[compiler.Strength]int{}, map[string]bool{}
			for _, w := range worlds {
				if w.code == refused || len(e.of(w)) == 0 {
					continue
				}
				p := parsePolicy(t, w.policy)
				rows := coverageIn(t, p, e.backend, e.own)
				for _, a := range w.under(e.backend) {
					d, differs := a.difference(t, p)
					if !differs {
						continue
					}
					row, found := a.rowOf(rows, d)
					counted[row.Launched.Strength]++
					switch {
					case !found:
						t.Errorf("%s: %s: coverage has no row of %s at %s", w.name, a.text(), d.Clause, d.At)
					case d.Allowed && row.Launched.Strength != compiler.Stronger:
						t.Errorf("%s: %s is denied, and coverage calls %s %s: %s", w.name, a.text(), d.Clause, row.Launched.Strength, row.Launched.How)
					case !d.Allowed && (row.Launched.Strength.Sufficient() || row.Accepted == nil):
						t.Errorf("%s: %s is allowed, and coverage calls %s %s (accepted: %t): %s", w.name, a.text(), d.Clause, row.Launched.Strength, row.Accepted != nil, row.Launched.How)
					case !d.Allowed:
						weaker[d.Clause] = true
					}
				}
			}
			t.Logf("differences by the strength of their row: %v", counted)
			got := slices.Sorted(maps.Keys(weaker))
			t.Logf("weaker: %s", strings.Join(got, ", "))
			if e.backend == compiler.GVisor && !slices.Equal(got, signed) {
				t.Errorf("what Decide denies passes by\n%s\nexpected\n%s", got, signed)
			}
		})
	}
}

// difference gives the decision that an engine does not follow.
func (a attempt) difference(t *testing.T, p *policy.Policy) (policy.Decision, bool) {
	t.Helper()
	if a.access == "" || a.inside == "" {
		return policy.Decision{}, false
	}
	d := decide(t, p, a.access)
	return d, d.Allowed != (a.inside == "ok")
}

// coverageIn compiles a policy as a launch does; own says that it makes namespaces where no
// tool does it.
func coverageIn(t *testing.T, p *policy.Policy, backend compiler.Backend, own bool) []compiler.Coverage {
	t.Helper()
	version, err := backends.DefaultVersion(backend)
	if err != nil {
		t.Fatal(err)
	}
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	bundle, err := backends.Compile(p, compiler.Target{Backend: backend, Version: version, Arch: machine, Namespaces: own}, time.Now())
	if err != nil {
		t.Fatalf("%s for %s: %v", p.Name, backend, err)
	}
	return bundle.Coverage
}

// rowOf finds the row of the entry that decided, or of the link that leads to it where
// that is why the entry is not reached.
func (a attempt) rowOf(rows []compiler.Coverage, d policy.Decision) (compiler.Coverage, bool) {
	i := slices.IndexFunc(rows, func(row compiler.Coverage) bool {
		if d.Allowed && a.clause == policy.ClauseFilesystemLinks {
			_, target, _ := strings.Cut(a.access, " ")
			return row.Clause == a.clause && (target == row.Subject || strings.HasPrefix(target, row.Subject+"/"))
		}
		// Some defaults stand nowhere, and their rows neither.
		return row.Clause == d.Clause && row.At == d.At
	})
	if i < 0 {
		return compiler.Coverage{}, false
	}
	return rows[i], true
}
