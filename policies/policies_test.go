package policies_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/policies"
	"confine/policy"
)

// told gives an error as a person would see it.
func told(err error) string {
	var ds policy.Diagnostics
	if !errors.As(err, &ds) {
		return err.Error()
	}
	var out strings.Builder
	_ = ds.Render(&out)
	return out.String()
}

func resolve(t *testing.T, name string) *policy.Policy {
	t.Helper()
	source, ok := policies.Find(name)
	if !ok {
		t.Fatalf("no policy %q", name)
	}
	p, err := policy.Resolve(source, policy.Options{Library: policies.Library{}})
	if err != nil {
		t.Fatal(told(err))
	}
	return p
}

func testsOf(t *testing.T, name string) *policy.Tests {
	t.Helper()
	source := policies.Tests(name)
	tests, err := policy.ParseTests(source.File, source.Text)
	if err != nil {
		t.Fatal(told(err))
	}
	return tests
}

// failures runs the tests of a policy on a form of it.
func failures(tests *policy.Tests, p *policy.Policy) policy.Diagnostics {
	return tests.Run(func(map[string]string) (*policy.Policy, error) { return p, nil })
}

func TestNames(t *testing.T) {
	names := policies.Names()
	if len(names) == 0 {
		t.Fatal("nothing is embedded")
	}
	for _, name := range names {
		if p := resolve(t, name); p.Name != name || p.Description == "" {
			t.Errorf("%s.toml holds %q: %q", name, p.Name, p.Description)
		}
	}
	for _, name := range []string{"", "nope", "../policy", "source-declarative-manifest.toml", "connector.test"} {
		if _, ok := policies.Find(name); ok {
			t.Errorf("there is a policy %q", name)
		}
	}
}

// TestCases: every policy passes its own tests.
func TestCases(t *testing.T) {
	for _, name := range policies.Names() {
		if ds := failures(testsOf(t, name), resolve(t, name)); len(ds) > 0 {
			t.Error(told(ds))
		}
	}
}

// TestEveryEntryIsTested: without any one entry that a policy's own file states, one
// of its cases fails.
func TestEveryEntryIsTested(t *testing.T) {
	for _, name := range policies.Names() {
		t.Run(name, func(t *testing.T) {
			p, tests := resolve(t, name), testsOf(t, name)
			dropped := 0
			for _, m := range mutants(t, name, p) {
				dropped++
				if len(failures(tests, m.policy)) == 0 {
					t.Errorf("%s: no case of %s.test.toml fails without %s", m.at, name, m.what)
				}
			}
			if dropped < 5 {
				t.Errorf("only %d entries were dropped", dropped)
			}
		})
	}
}

// mutant is a policy without one entry.
type mutant struct {
	what   string
	at     policy.Position
	policy *policy.Policy
}

// mutants gives every form of a policy that lacks one entry of its own file, and
// takes the inherited entry back where the file removed or replaced one.
func mutants(t *testing.T, name string, p *policy.Policy) []mutant {
	t.Helper()
	var out []mutant
	drop := func(what string, at policy.Position, change func(*policy.Policy)) {
		if at.File != name+".toml" {
			return
		}
		changed := *p
		change(&changed)
		out = append(out, mutant{what, at, &changed})
	}
	base := inherited(t, name)
	for i, e := range p.Filesystem.Entries {
		drop(fmt.Sprintf("%s %s", e.Mode, e.Path), e.At, func(q *policy.Policy) {
			q.Filesystem.Entries = cut(q.Filesystem.Entries, i)
			if was, ok := entryAt(base, e.Path); ok {
				q.Filesystem.Entries = insert(q.Filesystem.Entries, was)
			}
		})
	}
	for i, l := range p.Filesystem.Links {
		drop("the link "+l.From, l.At, func(q *policy.Policy) { q.Filesystem.Links = cut(q.Filesystem.Links, i) })
	}
	for i, l := range p.Rlimits {
		drop("rlimits."+l.Name, l.At, func(q *policy.Policy) {
			q.Rlimits = cut(q.Rlimits, i)
			for _, was := range base.Rlimits {
				if was.Name == l.Name {
					q.Rlimits = append(q.Rlimits, was)
				}
			}
		})
	}
	for i, e := range p.Environment.Pass {
		drop("passing "+e.Pattern, e.At, func(q *policy.Policy) { q.Environment.Pass = cut(q.Environment.Pass, i) })
	}
	for i, v := range p.Environment.Set {
		drop("setting "+v.Name, v.At, func(q *policy.Policy) { q.Environment.Set = cut(q.Environment.Set, i) })
	}
	drop("filesystem.proc", p.Filesystem.ProcAt, func(q *policy.Policy) { q.Filesystem.Proc = base.Filesystem.Proc })
	drop("filesystem.dev", p.Filesystem.DevAt, func(q *policy.Policy) { q.Filesystem.Dev = base.Filesystem.Dev })
	drop("network.mode", p.Network.At, func(q *policy.Policy) { q.Network = base.Network })
	for _, was := range base.Filesystem.Entries {
		if _, still := entryAt(p, was.Path); !still {
			out = append(out, mutant{"removing " + was.Path, was.At, with(p, func(q *policy.Policy) {
				q.Filesystem.Entries = insert(q.Filesystem.Entries, was)
			})})
		}
	}
	for _, was := range base.Environment.Pass {
		if !passes(p, was.Pattern) {
			out = append(out, mutant{"removing " + was.Pattern, was.At, with(p, func(q *policy.Policy) {
				q.Environment.Pass = append(cut(q.Environment.Pass, -1), was)
				slices.SortFunc(q.Environment.Pass, func(a, b policy.EnvironmentPattern) int {
					return strings.Compare(a.Pattern, b.Pattern)
				})
			})})
		}
	}
	return out
}

// inherited gives what a policy would be without a word of its own.
func inherited(t *testing.T, name string) *policy.Policy {
	t.Helper()
	source, _ := policies.Find(name)
	extends := ""
	for _, line := range strings.Split(string(source.Text), "\n") {
		if strings.HasPrefix(line, "extends") {
			extends = line
		}
	}
	source.Text = []byte("schema = 1\nname = \"inherited\"\n" + extends + "\n")
	source.File = "inherited.toml"
	p, err := policy.Resolve(source, policy.Options{Library: policies.Library{}})
	if err != nil {
		t.Fatal(told(err))
	}
	return p
}

func with(p *policy.Policy, change func(*policy.Policy)) *policy.Policy {
	changed := *p
	change(&changed)
	return &changed
}

// cut gives a copy of a list without item i; without none where i is -1.
func cut[T any](list []T, i int) []T {
	var out []T
	for j, item := range list {
		if j != i {
			out = append(out, item)
		}
	}
	return out
}

// insert gives a copy of sorted entries with one more.
func insert(entries []policy.PathEntry, e policy.PathEntry) []policy.PathEntry {
	var out []policy.PathEntry
	placed := false
	for _, other := range entries {
		if !placed && other.Path > e.Path {
			out, placed = append(out, e), true
		}
		out = append(out, other)
	}
	if !placed {
		out = append(out, e)
	}
	return out
}

func entryAt(p *policy.Policy, path string) (policy.PathEntry, bool) {
	for _, e := range p.Filesystem.Entries {
		if e.Path == path {
			return e, true
		}
	}
	return policy.PathEntry{}, false
}

func passes(p *policy.Policy, pattern string) bool {
	for _, e := range p.Environment.Pass {
		if e.Pattern == pattern {
			return true
		}
	}
	return false
}

// TestWallTimes: no access shows a wall time, so it is checked here. A sync may take
// three days.
func TestWallTimes(t *testing.T) {
	for name, hours := range map[string]float64{
		"connector": 73, "python-connector": 73, "source-declarative-manifest": 73, "custom-components": 73,
		"offline": 1. / 6,
	} {
		if got := resolve(t, name).Process.WallTime.Hours(); got != hours {
			t.Errorf("%s: wall time is %v hours, expected %v", name, got, hours)
		}
	}
}

// TestTightening: what ships for less is less: neither allows what its base does not,
// but for what it says.
func TestTightening(t *testing.T) {
	base := resolve(t, "source-declarative-manifest")
	for name, expected := range map[string][]string{
		// The working directories are read where they were written.
		"offline": {},
		// Links: names of the interpreter. The variable lets the manifest bring code.
		"custom-components": {"environment.pass AIRBYTE_ENABLE_UNSAFE_CODE"},
	} {
		var loosened []string
		for _, c := range policy.Compare(base, resolve(t, name)) {
			if c.Loosened && !c.Undecided {
				loosened = append(loosened, c.Clause+" "+c.Subject)
			}
		}
		if strings.Join(loosened, "\n") != strings.Join(expected, "\n") {
			t.Errorf("%s loosens %q, expected %q", name, loosened, expected)
		}
	}
}

// TestReasons: every entry of an embedded policy says why it is there.
func TestReasons(t *testing.T) {
	for _, name := range policies.Names() {
		source, _ := policies.Find(name)
		explained := false
		for i, line := range strings.Split(string(source.Text), "\n") {
			text := strings.TrimSpace(line)
			switch {
			case text == "" || strings.HasPrefix(text, "["):
				explained = strings.Contains(text, "#") || explained && text != ""
			case strings.Contains(text, "#"):
				explained = true
			case strings.HasPrefix(text, `"`) && !explained:
				t.Errorf("%s:%d: no reason is given for %s", source.File, i+1, text)
			}
		}
	}
}
