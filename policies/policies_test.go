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
	p, err := policy.Resolve(source, policy.Options{Library: policies.Library{}, Inherited: true})
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

// TestEveryEntryIsTested: without any one entry that a policy's own file states, one of
// its cases fails.
func TestEveryEntryIsTested(t *testing.T) {
	for _, name := range policies.Names() {
		p := resolve(t, name)
		entries, err := testsOf(t, name).Unexercised(func(map[string]string) (*policy.Policy, error) { return p, nil })
		if err != nil {
			t.Fatal(told(err))
		}
		for _, e := range entries {
			if e.At.File == name+".toml" {
				t.Errorf("%s: no case of %s.test.toml fails without %s %s", e.At, name, e.Clause, e.Subject)
			}
		}
	}
}

// TestEveryReplacementIsTested: one of the cases fails where a policy says again what its
// bases say, or does not remove what it removes.
func TestEveryReplacementIsTested(t *testing.T) {
	replaced := 0
	for _, name := range policies.Names() {
		p, tests := resolve(t, name), testsOf(t, name)
		for _, m := range mutants(name, p) {
			replaced++
			if len(failures(tests, m.policy)) == 0 {
				t.Errorf("%s: no case of %s.test.toml fails without %s", m.at, name, m.what)
			}
		}
	}
	if replaced < 30 {
		t.Errorf("only %d entries were undone", replaced)
	}
}

// mutant is a policy without one entry.
type mutant struct {
	what   string
	at     policy.Position
	policy *policy.Policy
}

// mutants gives every form of a policy in which one inherited entry is back that its own
// file replaced or removed.
func mutants(name string, p *policy.Policy) []mutant {
	base := p.Inherited()
	if base == nil {
		return nil
	}
	var out []mutant
	undo := func(what string, at policy.Position, change func(*policy.Policy)) {
		changed := *p
		change(&changed)
		out = append(out, mutant{what, at, &changed})
	}
	own := func(at policy.Position) bool { return at.File == name+".toml" }
	for _, was := range base.Filesystem.Entries {
		switch i := slices.IndexFunc(p.Filesystem.Entries, func(e policy.PathEntry) bool { return e.Path == was.Path }); {
		case i < 0:
			undo("removing "+was.Path, was.At, func(q *policy.Policy) { q.Filesystem.Entries = insert(q.Filesystem.Entries, was) })
		case own(p.Filesystem.Entries[i].At):
			e := p.Filesystem.Entries[i]
			undo(fmt.Sprintf("%s %s", e.Mode, e.Path), e.At, func(q *policy.Policy) {
				q.Filesystem.Entries = slices.Clone(q.Filesystem.Entries)
				q.Filesystem.Entries[i] = was
			})
		}
	}
	for _, was := range base.Rlimits {
		i := slices.IndexFunc(p.Rlimits, func(l policy.Rlimit) bool { return l.Name == was.Name })
		if i >= 0 && own(p.Rlimits[i].At) {
			undo("rlimits."+was.Name, p.Rlimits[i].At, func(q *policy.Policy) {
				q.Rlimits = slices.Clone(q.Rlimits)
				q.Rlimits[i] = was
			})
		}
	}
	for _, was := range base.Environment.Pass {
		if !slices.ContainsFunc(p.Environment.Pass, func(e policy.EnvironmentPattern) bool { return e.Pattern == was.Pattern }) {
			undo("removing "+was.Pattern, was.At, func(q *policy.Policy) {
				q.Environment.Pass = append(slices.Clone(q.Environment.Pass), was)
				slices.SortFunc(q.Environment.Pass, func(a, b policy.EnvironmentPattern) int {
					return strings.Compare(a.Pattern, b.Pattern)
				})
			})
		}
	}
	if own(p.Network.At) {
		undo("network.mode", p.Network.At, func(q *policy.Policy) { q.Network = base.Network })
	}
	return out
}

// insert gives a copy of sorted entries with one more.
func insert(entries []policy.PathEntry, e policy.PathEntry) []policy.PathEntry {
	at, _ := slices.BinarySearchFunc(entries, e, func(a, b policy.PathEntry) int { return strings.Compare(a.Path, b.Path) })
	return slices.Insert(slices.Clone(entries), at, e)
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
