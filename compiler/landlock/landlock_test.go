package landlock_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/landlock"
	"confine/policy"

	"pgregory.net/rapid"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func parse(t failer, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n[filesystem]\n"+text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func TestRules(t *testing.T) {
	devices := []compiler.LandlockRule{
		{Path: "/dev/full", Access: "device"},
		{Path: "/dev/null", Access: "device"},
		{Path: "/dev/random", Access: "device"},
		{Path: "/dev/tty", Access: "device"},
		{Path: "/dev/urandom", Access: "device"},
		{Path: "/dev/zero", Access: "device"},
		{Path: "/dev/shm", Access: "write"},
	}
	for _, c := range []struct {
		text string
		want []compiler.LandlockRule
	}{
		{"", nil},
		{"hide = ['/a']\nabsent = ['/b/c']", nil},
		{"read = ['/a']", []compiler.LandlockRule{{Path: "/a", Access: "read"}}},
		{"map = ['/a']", []compiler.LandlockRule{{Path: "/a", Access: "read"}}},
		{"exec = ['/a']", []compiler.LandlockRule{{Path: "/a", Access: "execute"}}},
		{"write = ['/a']", []compiler.LandlockRule{{Path: "/a", Access: "write"}}},
		{"tmp = ['/a', { path = '/b', size = 1 }]", []compiler.LandlockRule{
			{Path: "/a", Access: "write"}, {Path: "/b", Access: "write"},
		}},
		{"write = ['/c?']\nread = ['/a/b', '/a']\nhide = ['/a/b/c']", []compiler.LandlockRule{
			{Path: "/a", Access: "read"}, {Path: "/a/b", Access: "read"}, {Path: "/c", Access: "write", Optional: true},
		}},
		{"proc = 'self'", []compiler.LandlockRule{{Path: "/proc", Access: "read"}}},
		{"proc = 'none'\ndev = 'none'", nil},
		{"dev = 'minimal'", devices},
		{"links = { '/bin' = '/usr/bin' }\nexec = ['/usr/bin']", []compiler.LandlockRule{{Path: "/usr/bin", Access: "execute"}}},
	} {
		if got := landlock.Rules(parse(t, c.text).Filesystem); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.text, got, c.want)
		}
	}
}

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

// granting gives the rules that allow an access.
func granting(rules []compiler.LandlockRule, kind policy.AccessKind, path string) []compiler.LandlockRule {
	var out []compiler.LandlockRule
	for _, r := range rules {
		if (path == r.Path || strings.HasPrefix(path, r.Path+"/")) && slices.Contains(grants[r.Access], kind) {
			out = append(out, r)
		}
	}
	return out
}

// TestRulesCoverWhatIsAllowed: Landlock takes nothing away that the policy allows.
// And what it leaves open beyond the policy is left to mounts in three cases only:
// below an entry that denies more than the one above it (blacklist, read-only,
// noexec), in /proc besides the processes (blacklist), and mmap(2).
func TestRulesCoverWhatIsAllowed(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b", "ab"})
	path := rapid.Map(rapid.SliceOfN(part, 1, 4), func(parts []string) string { return "/" + strings.Join(parts, "/") })
	other := rapid.SampledFrom([]string{
		"/", "/proc", "/proc/self/status", "/proc/17/fd", "/proc/cpuinfo", "/dev", "/dev/null", "/dev/zero", "/dev/kmsg", "/dev/shm", "/dev/shm/a",
	})
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.MapOfN(path, rapid.SampledFrom(modes), 0, 6).Draw(t, "entries")
		text := fmt.Sprintf("proc = %q\ndev = %q\n",
			rapid.SampledFrom([]string{"none", "self"}).Draw(t, "proc"), rapid.SampledFrom([]string{"none", "minimal"}).Draw(t, "dev"))
		for _, mode := range modes {
			var list []string
			for p, m := range entries {
				if m == mode {
					list = append(list, fmt.Sprintf("%q", p))
				}
			}
			text += fmt.Sprintf("%s = [%s]\n", mode, strings.Join(list, ", "))
		}
		p := parse(t, text)
		rules := landlock.Rules(p.Filesystem)
		name := rapid.OneOf(path, path, other).Draw(t, "path")
		for _, kind := range []policy.AccessKind{policy.AccessRead, policy.AccessWrite, policy.AccessExec} {
			allowed := p.Decide(policy.Access{Kind: kind, Target: name}).Allowed
			granted := granting(rules, kind, name)
			if allowed && len(granted) == 0 {
				t.Fatalf("%s %s is allowed and has no rule among %v", kind, name, rules)
			}
			if allowed {
				continue
			}
			decides, _ := p.Filesystem.Entry(name)
			for _, r := range granted {
				nested := decides.Path != "" && decides.Path != r.Path && strings.HasPrefix(decides.Path+"/", r.Path+"/")
				if !nested && r.Path != "/proc" {
					t.Fatalf("%s %s is denied, and %v grants it", kind, name, r)
				}
			}
		}
	})
}
