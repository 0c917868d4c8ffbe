//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"confine/compiler"
	"confine/policy"
)

func TestCovered(t *testing.T) {
	paths := []compiler.PathExpectation{
		entry(policy.ModeRead, "/srv/a", 0), entry(policy.ModeHide, "/opt", 0), entry(policy.ModeAbsent, "/run/x", 0),
	}
	for path, want := range map[string]bool{
		"/srv/a": true, "/srv/a/b": true, "/srv/ab": false, "/srv": false, "/": false, "/opt": false, "/opt/b": false, "/run/x": false,
	} {
		if got := covered(path, paths); got != want {
			t.Errorf("%s covered: %t", path, got)
		}
	}
}

func TestInterior(t *testing.T) {
	e := compiler.Expectation{
		Emptied: []string{"/home"},
		Paths: []compiler.PathExpectation{
			entry(policy.ModeRead, "/usr/share/zoneinfo", 0), entry(policy.ModeRead, "/usr/lib", 0),
			entry(policy.ModeExec, "/usr/lib/x86_64/ld.so", 0), entry(policy.ModeHide, "/etc/ssl/private", 0),
			entry(policy.ModeWrite, "/srv", 0),
		},
	}
	got := interior(e)
	if want := []string{"/", "/home", "/usr/share", "/usr"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// worldBelow makes dir the root directory of the process, with
// /open, /kept/child, /kept/sibling (empty directories), /file, /link and /proc, /dev.
func worldBelow(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"open", "kept/child", "kept/sibling", "proc", "dev"} {
		must(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600), os.Chmod(filepath.Join(dir, "file"), 0o644))
	must(t, os.Symlink("file", filepath.Join(dir, "link")), syscall.Chroot(dir), syscall.Chdir("/"))
}

func TestUncovered(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	worldBelow(t, dir)
	e := compiler.Expectation{Paths: []compiler.PathExpectation{entry(policy.ModeRead, "/kept/child", 0)}}
	for path, want := range map[string][]string{"/": {"file", "open"}, "/kept": {"sibling"}, "/gone": nil} {
		if got := uncovered(path, e); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestCheckUncovered(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	worldBelow(t, dir)
	e := compiler.Expectation{Paths: []compiler.PathExpectation{entry(policy.ModeRead, "/kept/child", 0)}}
	controls := TakeControls(&Order{Expectation: e}, Reach{})
	if got := controls.Open["/"]; !slices.Equal(got, []string{"file", "open"}) {
		t.Fatalf("open outside: %q", got)
	}
	byDirectory := func() map[string]Check {
		checks := map[string]Check{}
		for _, c := range checkUncovered(e, controls) {
			checks[c.Subject] = c
		}
		return checks
	}
	const root, kept = "names in / that no entry covers", "names in /kept that no entry covers"
	expectCheck(t, byDirectory()[root], Failed, "2 of 2 open, for example /file")
	expectCheck(t, byDirectory()[kept], Failed, "1 of 1 open, for example /kept/sibling")

	// What only Landlock will close is no failure yet.
	e.Residual = []string{"/file"}
	expectCheck(t, byDirectory()[root], Failed, "1 of 2 open, for example /open")
	e.Residual = nil

	// Gone, or closed to the user: both are what the policy wants.
	must(t, os.Remove("/file"), os.Chmod("/open", 0o700), os.Chmod("/kept/sibling", 0o700))
	asDaemon(t)
	expectCheck(t, byDirectory()[root], Proven, "0 of 2 open")
	expectCheck(t, byDirectory()[kept], Proven, "0 of 1 open")

	// Names that were closed outside as well prove nothing.
	controls.Open = map[string][]string{}
	expectCheck(t, byDirectory()[kept], Unproven, "0 of 1 open")
}

func TestOpenBefore(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	worldBelow(t, dir)
	e := compiler.Expectation{Paths: []compiler.PathExpectation{entry(policy.ModeRead, "/kept/child", 0)}, Residual: []string{"/file", "/gone"}}
	if got, want := openBefore(e), []string{"/", "/kept", "/file"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
