//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/stage"
)

func TestMountsOfAProcess(t *testing.T) {
	mounts, err := mountsOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(mounts, func(m mountOf) bool { return m.point == "/proc" }); i < 0 || mounts[i].kind != "proc" || mounts[i].device == "" {
		t.Errorf("no /proc among %+v", mounts)
	}
	if _, err := mountsOf(0); err == nil {
		t.Error("process 0 has mounts")
	}
}

func TestShownAt(t *testing.T) {
	paths := func(entries ...policy.PathEntry) (e compiler.Expectation) {
		for _, entry := range entries {
			e.Paths = append(e.Paths, compiler.PathExpectation{PathEntry: entry})
		}
		return e
	}
	e := paths(
		policy.PathEntry{Path: "/read", Mode: policy.ModeRead}, policy.PathEntry{Path: "/tmp", Mode: policy.ModeTmp},
		policy.PathEntry{Path: "/read/hidden", Mode: policy.ModeHide}, policy.PathEntry{Path: "/gone", Mode: policy.ModeAbsent},
	)
	e.Paths = append(e.Paths, compiler.PathExpectation{PathEntry: policy.PathEntry{Path: "/sys", Mode: policy.ModeRead}, Replaced: true})
	for path, want := range map[string]bool{
		"/read": true, "/read/below": false, "/rea": false, "/": false, "/tmp": false, "/read/hidden": false, "/gone": false, "/sys": false, "/dev/null": false,
	} {
		if got := shownAt(path, e); got != want {
			t.Errorf("%s: got %t", path, got)
		}
	}
	e.Dev = policy.DevMinimal
	for path, want := range map[string]bool{"/dev/null": true, "/dev/urandom": true, "/dev/sda": false, "/dev": false} {
		if got := shownAt(path, e); got != want {
			t.Errorf("%s with devices: got %t", path, got)
		}
	}
}

// Below an entry a mount is as on the host, or it is not the policy's.
func TestSameBelow(t *testing.T) {
	host, other := t.TempDir(), t.TempDir()
	for _, root := range []string{host, other} {
		if err := os.MkdirAll(filepath.Join(root, "read/sub"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	open := func(path string) int {
		fd, err := openRoot(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		return fd
	}
	e := compiler.Expectation{Paths: []compiler.PathExpectation{{PathEntry: policy.PathEntry{Path: "/read", Mode: policy.ModeRead}}}}
	outside := open(host)
	for _, tc := range []struct {
		path   string
		inside int
		want   bool
	}{
		{"/read/sub", open(host), true},
		{"/read/sub", open(other), false},
		{"/elsewhere", open(host), false},
		{"/readable", open(host), false},
	} {
		if got := sameBelow(tc.path, tc.inside, outside, e); got != tc.want {
			t.Errorf("%s: got %t", tc.path, got)
		}
	}
}

// This process is neither a gofer nor a sentry: it has mounts of the host's, and holds a
// directory open.
func TestChecksOfGuestProcessesFailOnTheHost(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	g := new(guest)
	root, err := openRoot("/")
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	checks := append(g.checkSentry(os.Getpid()), g.checkMounts(os.Getpid(), root, root, compiler.Expectation{})...)
	if len(checks) != 3 {
		t.Fatalf("got %+v", checks)
	}
	for _, c := range checks {
		if c.Status != stage.Failed || c.Found == c.Expected {
			t.Errorf("%+v", c)
		}
	}
}
