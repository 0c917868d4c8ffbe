//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"testing"

	"confine/compiler"
	"confine/policy"
)

func TestCheckAliases(t *testing.T) {
	dir := t.TempDir()
	join := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"shown", "hidden", "tmp", "unnamed"} {
		must(t, os.Mkdir(join(name), 0o755))
	}
	must(t, os.Symlink("shown", join("right")), os.Symlink("unnamed", join("wrong")))
	e := compiler.Expectation{Paths: []compiler.PathExpectation{
		entry(policy.ModeRead, join("shown"), 0), entry(policy.ModeHide, join("hidden"), 0), entry(policy.ModeTmp, join("tmp"), 0),
	}}
	for _, tc := range []struct {
		name, from, to string
		outside        bool
		// status is empty where there is nothing to check.
		status Status
	}{
		{"as outside", join("right"), join("shown"), true, Proven},
		{"led elsewhere", join("wrong"), join("shown"), true, Failed},
		{"a directory in its place", join("unnamed"), join("shown"), true, Failed},
		{"gone", join("gone"), join("shown"), true, Failed},
		{"gone outside too", join("gone"), join("shown"), false, ""},
		{"to what is hidden", join("gone"), join("hidden"), true, ""},
		{"to what no entry names", join("gone"), join("unnamed"), true, ""},
		{"in what starts empty", join("tmp/gone"), join("shown"), true, ""},
		{"in what is hidden", join("hidden/gone"), join("shown"), true, ""},
		{"in the wrapper's sysfs", "/sys/confine-gone", join("shown"), true, ""},
	} {
		e.Aliases = []policy.Link{{From: tc.from, To: tc.to}}
		checks := checkAliases(e, map[string]bool{tc.from: tc.outside})
		switch {
		case tc.status == "" && len(checks) != 0:
			t.Errorf("%s: %+v", tc.name, checks)
		case tc.status != "" && (len(checks) != 1 || checks[0].Status != tc.status || checks[0].Clause != "filesystem.links"):
			t.Errorf("%s: %+v, want %s", tc.name, checks, tc.status)
		}
	}
	e.Aliases = []policy.Link{{From: join("right"), To: join("shown")}, {From: join("wrong"), To: join("shown")}}
	if outside := linksOutside(e); !outside[join("right")] || outside[join("wrong")] {
		t.Errorf("outside: %v", outside)
	}
}
