package firejail_test

import (
	"path"
	"sort"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"

	"pgregory.net/rapid"
)

// model is what firejail 0.9.72 makes of a profile, as far as files go, on a host
// that has all of world: fs_basic_fs, then whitelist, then the rest in order.
type model struct {
	lines []directive
	world map[string]bool
	// kept are the whitelisted paths, by the unit that they leave empty otherwise.
	kept map[string][]string
	// closed are the blacklisted paths.
	closed map[string]bool
}

func newModel(profile string, world map[string]bool) model {
	m := model{lines: readProfile(profile), world: world, kept: map[string][]string{}, closed: map[string]bool{}}
	for _, p := range arguments(m.lines, "whitelist") {
		u := firstOrSecond(p)
		m.kept[u] = append(m.kept[u], p)
	}
	exempt := map[string]bool{}
	lines := append([]directive(nil), m.lines...)
	// fs_proc_sys_dev_boot adds two lines of its own.
	lines = append(lines, directive{"blacklist", "/sys/fs"}, directive{"blacklist", "/sys/module"})
	for _, d := range lines {
		switch d.word {
		case "noblacklist":
			exempt[d.argument] = true
		case "blacklist":
			for p := range world {
				if matched, _ := path.Match(d.argument, p); matched && !exempt[p] && m.exists(p) {
					m.closed[p] = true
				}
			}
		}
	}
	return m
}

// exists reports whether a path of the host is still there.
func (m model) exists(p string) bool {
	kept, emptied := m.kept[firstOrSecond(p)]
	if !emptied || p == firstOrSecond(p) || p == "/usr" {
		return m.world[p]
	}
	for _, k := range kept {
		if m.world[k] && (under(p, k) || under(k, p)) {
			return m.world[p]
		}
	}
	return false
}

func (m model) open(p string) bool {
	if !m.exists(p) {
		return false
	}
	for dir := range m.closed {
		if under(p, dir) {
			return false
		}
	}
	return true
}

// flags of the mount that a path lies on; remounts are recursive.
func (m model) flags(p string) (readOnly, noexec bool) {
	for _, d := range append([]directive{
		{"read-only", "/usr"},
		{"read-only", "/etc"},
		{"noexec", "/etc"},
		{"read-only", "/var"},
		{"noexec", "/var"},
		{"read-only", "/sys"},
		{"noexec", "/sys"},
	}, m.lines...) {
		lifted := d.argument == "/etc" && has(m.lines, "writable-etc", "") || d.argument == "/var" && has(m.lines, "writable-var", "")
		switch {
		case !under(p, d.argument):
		case d.word == "read-only" && !(lifted && !has(m.lines, "read-only", d.argument)):
			readOnly = true
		case d.word == "read-write":
			readOnly = false
		case d.word == "noexec" && !(lifted && !has(m.lines, "noexec", d.argument)):
			noexec = true
		}
	}
	// firejail's tmpfs comes after the remounts of fs_basic_fs.
	if under(p, "/var/tmp") {
		readOnly = false
	}
	return readOnly, noexec
}

func (m model) allows(kind policy.AccessKind, p string) bool {
	readOnly, noexec := m.flags(p)
	switch kind {
	case policy.AccessWrite:
		return m.open(p) && !readOnly
	case policy.AccessExec, policy.AccessMap:
		return m.open(p) && !noexec
	}
	return m.open(p)
}

// landlockAllows is what the rules leave; Landlock knows nothing of mmap(2).
func landlockAllows(rules []compiler.LandlockRule, kind policy.AccessKind, p string) bool {
	for _, r := range rules {
		if !under(p, r.Path) {
			continue
		}
		switch {
		case kind == policy.AccessRead, kind == policy.AccessMap,
			kind == policy.AccessWrite && r.Access == compiler.LandlockWrite,
			kind == policy.AccessExec && r.Access == compiler.LandlockExecute:
			return true
		}
	}
	return false
}

func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// insideTmp reports whether a path can only be what the program makes of it.
func insideTmp(p *policy.Policy, name string) bool {
	e, ok := p.Filesystem.Entry(name)
	return ok && e.Mode == policy.ModeTmp && e.Path != name
}

// worldOf has every path that the policy names, with what lies around it.
func worldOf(entries []entry) map[string]bool {
	world := map[string]bool{}
	add := func(p string) {
		for ; p != "/"; p = path.Dir(p) {
			world[p] = true
		}
	}
	for _, e := range entries {
		for _, p := range []string{e.path, e.path + "/inner", e.path + "/inner/inner", e.path + "-beside", path.Dir(e.path) + "/sibling"} {
			add(path.Clean(p))
		}
	}
	for _, p := range []string{"/unnamed/x", "/usr/unnamed", "/opt/x", "/var/x", "/sys/kernel/x", "/etc/shadow", "/tmp/x"} {
		add(p)
	}
	return world
}

var fileKinds = []policy.AccessKind{policy.AccessRead, policy.AccessWrite, policy.AccessExec, policy.AccessMap}

// TestModelAgreesWithDecide holds the launched profile and the rules of Landlock
// together against the meaning of the policy, path by path.
func TestModelAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		world := worldOf(r.order)
		m := newModel(artifact(t, r.bundle, firejail.LaunchedProfile), world)
		for _, p := range sortedKeys(world) {
			if insideTmp(r.policy, p) {
				continue
			}
			for _, kind := range fileKinds {
				want := r.policy.Decide(policy.Access{Kind: kind, Target: p}).Allowed
				got := m.allows(kind, p) && landlockAllows(r.bundle.Expectation.Landlock, kind, p)
				if got != want {
					t.Fatalf("%s %s: %v by mounts, %v by Landlock, the policy says %v\n%s", kind, p,
						m.allows(kind, p), landlockAllows(r.bundle.Expectation.Landlock, kind, p), want,
						artifact(t, r.bundle, firejail.LaunchedProfile))
				}
			}
		}
	})
}

// TestModelStandalone: a row that promises as much as the policy says, or more, is
// held by the mounts alone.
func TestModelStandalone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		world := worldOf(r.order)
		m := newModel(artifact(t, r.bundle, firejail.StandaloneProfile), world)
		sufficient := map[string]compiler.Coverage{}
		for _, row := range r.bundle.Coverage {
			sufficient[row.Clause+" "+row.Subject] = row
		}
		for _, p := range sortedKeys(world) {
			e, named := r.policy.Filesystem.Entry(p)
			row, covered := sufficient[policy.FilesystemClause(e.Mode)+" "+e.Path]
			if !named && m.open(p) && !leadsSomewhere(r.policy, p) {
				t.Fatalf("%s is named nowhere and open\n%s", p, artifact(t, r.bundle, firejail.StandaloneProfile))
			}
			if !named || !covered || insideTmp(r.policy, p) {
				continue
			}
			for _, kind := range fileKinds {
				want := r.policy.Decide(policy.Access{Kind: kind, Target: p}).Allowed
				got := m.allows(kind, p)
				if got && !want && row.Standalone.Strength.Sufficient() || want && !got && row.Standalone.Strength == compiler.Exact {
					t.Fatalf("%s %s is %v, the policy says %v and %s claims %s\n%s", kind, p, got, want, row.Clause,
						row.Standalone.Strength, artifact(t, r.bundle, firejail.StandaloneProfile))
				}
			}
		}
	})
}

// leadsSomewhere reports whether a path is a directory that must stay open for what
// is in it, which is emptied otherwise.
func leadsSomewhere(p *policy.Policy, name string) bool {
	for _, e := range p.Filesystem.Entries {
		if strings.HasPrefix(e.Path, name+"/") || e.Mode == policy.ModeAbsent && name == firstOrSecond(e.Path) {
			return true
		}
	}
	return name == "/run" || name == "/usr"
}

func sortedKeys(m map[string]bool) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
