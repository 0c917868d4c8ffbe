package native_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/native"
	"confine/policy"

	"pgregory.net/rapid"
)

var modes = []policy.PathMode{
	policy.ModeRead, policy.ModeExec, policy.ModeMap, policy.ModeWrite, policy.ModeTmp, policy.ModeHide, policy.ModeAbsent,
}

// grants is what a class of rules allows; map is not among the rights of Landlock.
var grants = map[compiler.LandlockAccess][]policy.AccessKind{
	compiler.LandlockRead:    {policy.AccessRead},
	compiler.LandlockExecute: {policy.AccessRead, policy.AccessExec},
	compiler.LandlockWrite:   {policy.AccessRead, policy.AccessWrite},
	compiler.LandlockDevice:  {policy.AccessRead, policy.AccessWrite},
}

func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// granted reports whether rules allow an access to a path that is there: a rule with
// exceptions is on what is beside them, and on no directory that leads to one.
func granted(rules []compiler.LandlockRule, kind policy.AccessKind, path string) bool {
	return slices.ContainsFunc(rules, func(r compiler.LandlockRule) bool {
		return !r.Fresh && within(path, r.Path) && slices.Contains(grants[r.Access], kind) &&
			!slices.ContainsFunc(r.Except, func(e string) bool { return within(path, e) || within(e, path) })
	})
}

// draw writes a policy of a few nested paths.
func draw(t *rapid.T) string {
	part := rapid.SampledFrom([]string{"a", "b", "ab"})
	path := rapid.Map(rapid.SliceOfN(part, 1, 4), func(parts []string) string { return "/" + strings.Join(parts, "/") })
	entries := rapid.MapOfN(path, rapid.SampledFrom(modes), 0, 6).Draw(t, "entries")
	text := fmt.Sprintf("[filesystem]\nproc = %q\ndev = %q\n",
		rapid.SampledFrom([]string{"none", "self"}).Draw(t, "proc"), rapid.SampledFrom([]string{"none", "minimal"}).Draw(t, "dev"))
	for _, mode := range modes {
		var list []string
		for p, m := range entries {
			if m == mode {
				list = append(list, fmt.Sprintf("%q", p))
			}
		}
		slices.Sort(list)
		text += fmt.Sprintf("%s = [%s]\n", mode, strings.Join(list, ", "))
	}
	return text
}

// TestRulesAreThePolicy: the rules grant nothing that the policy denies. And what it allows
// they grant, unless coverage says that more is denied.
func TestRulesAreThePolicy(t *testing.T) {
	compiled := 0
	targets := rapid.SampledFrom([]compiler.Target{target("x86_64"), ownNamespaces()})
	rapid.Check(t, func(t *rapid.T) {
		p, built := parse(t, draw(t)), targets.Draw(t, "target")
		b, err := native.Compile(p, built)
		if err != nil {
			return // see TestRefusals
		}
		compiled++
		stronger := map[string]bool{}
		for _, row := range b.Coverage {
			if row.Launched.Strength == compiler.Stronger && strings.HasPrefix(row.Clause, "filesystem.") {
				stronger[row.Clause+" "+row.Subject] = true
			}
		}
		part := rapid.SampledFrom([]string{"a", "b", "ab", "c"})
		path := rapid.Map(rapid.SliceOfN(part, 1, 5), func(parts []string) string { return "/" + strings.Join(parts, "/") })
		other := rapid.SampledFrom([]string{"/", "/proc", "/proc/cpuinfo", "/proc/1/status", "/dev", "/dev/null", "/dev/kmsg", "/dev/shm/x"})
		target := rapid.OneOf(path, path, path, other).Draw(t, "path")
		for _, kind := range []policy.AccessKind{policy.AccessRead, policy.AccessWrite, policy.AccessExec} {
			allowed, got := p.Decide(policy.Access{Kind: kind, Target: target}).Allowed, granted(b.Expectation.Landlock, kind, target)
			if built.Namespaces && target == "/proc/cpuinfo" {
				got = false // a /proc of the launch's own has no such name
			}
			if got && !allowed {
				t.Fatalf("%s %s is denied, and granted by %+v", kind, target, b.Expectation.Landlock)
			}
			if allowed && !got {
				e, found := p.Filesystem.Entry(target)
				denied := found && stronger[policy.FilesystemClause(e.Mode)+" "+e.Path] ||
					within(target, "/proc") && stronger["filesystem.proc self"] || within(target, "/dev") && stronger["filesystem.dev minimal"]
				if !denied {
					t.Fatalf("%s %s is allowed, exact by coverage, and not granted by %+v", kind, target, b.Expectation.Landlock)
				}
			}
		}
	})
	const enough = 20
	if compiled < enough {
		t.Errorf("%d policies compiled, expected %d at least", compiled, enough)
	}
}

// TestDeterministic: the same policy gives the same bytes.
func TestDeterministic(t *testing.T) {
	for name, p := range samples(t) {
		var texts []string
		for range 3 {
			files, err := compile(t, p).Files()
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(files)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
		if texts[0] != texts[1] || texts[1] != texts[2] {
			t.Errorf("%s: other bytes", name)
		}
	}
}

// TestCoverageIsComplete: every clause of every policy has a row, and nothing is enforced
// less than it says but for what takes an exception.
func TestCoverageIsComplete(t *testing.T) {
	for name, p := range samples(t) {
		for _, target := range []compiler.Target{target("x86_64"), ownNamespaces()} {
			rows := map[string]bool{}
			b := compileFor(t, p, target)
			for _, row := range b.Coverage {
				rows[row.Clause] = true
				shared := row.Clause == policy.ClauseFilesystemMap && row.Subject == "what may be read or written" ||
					row.Clause == policy.ClauseFilesystemTmp && row.Subject == "/var/scratch"
				expected := shared && !target.Namespaces || row.Clause == "rlimits.locks"
				if less := !row.Launched.Strength.Sufficient(); less != expected {
					t.Errorf("%s: %s %s is %s", name, row.Clause, row.Subject, row.Launched.Strength)
				}
				if row.Launched.How == "" || row.Standalone.Strength != compiler.None {
					t.Errorf("%s: %+v", name, row)
				}
			}
			for _, c := range p.Clauses() {
				if !rows[c.Clause] {
					t.Errorf("%s: no row for %s", name, c.Clause)
				}
			}
			launched, err := native.Launched(p, target)
			if err != nil || len(launched) != len(b.Coverage) {
				t.Errorf("%s: %d rows launched and %d compiled: %v", name, len(launched), len(b.Coverage), err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"write = ['/a']\nhide = ['/a/b']":              "cannot take a path out of a directory that is written to",
		"write = ['/a']\nread = ['/a/b/c']":            "cannot take a path out of a directory that is written to",
		"tmp = ['/a']\nread = ['/a/b']":                "starts empty",
		"read = ['/a']\nabsent = ['/a/b']":             "hides what is in a path and not the path",
		"absent = ['/a']\nread = ['/a/b']":             "cannot hold one that does",
		"read = ['/a']\nwrite = ['/a/b']":              "",
		"read = ['/a']\nhide = ['/a/b']":               "",
		"exec = ['/a']\nread = ['/a/b']":               "",
		"hide = ['/a']\nread = ['/a/b']":               "",
		"write = ['/a', '/a/b']":                       "",
		"write = ['/a']\nread = ['/b']\nhide = ['/c']": "",
	} {
		p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n[filesystem]\n"+text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		_, err = native.Compile(p, target("x86_64"))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "p.toml:")):
			t.Errorf("%s: %v, expected %q", text, err, want)
		}
	}
	for version, want := range map[compiler.Version]string{
		{Major: 6, Minor: 11}: "does not keep signals inside", {Major: 6, Minor: 18}: "holds for every later one", {Major: 0, Minor: 9, Patch: 72}: "signals",
	} {
		tg := target("x86_64")
		tg.Version = version
		if _, err := native.Compile(parse(t, ""), tg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, expected %q", version, err, want)
		}
	}
}
