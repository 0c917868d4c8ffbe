//go:build linux

package runner

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What a program leaves behind is removed, and nothing that it leads to.
func TestRemoveFresh(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	top := filepath.Join(dir, "confine-x")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(outside, "kept"), 0o755))
	must(os.WriteFile(filepath.Join(outside, "file"), []byte("x"), 0o644))
	must(os.MkdirAll(filepath.Join(top, "a", "b"), 0o700))
	must(os.Mkdir(filepath.Join(top, "confine-0"), 0o700))
	must(os.WriteFile(filepath.Join(top, "confine-0", "confine-1"), nil, 0o400))
	must(os.Symlink(outside, filepath.Join(top, "a", "link")))
	must(os.Symlink(filepath.Join(outside, "file"), filepath.Join(top, "link")))
	must(os.Link(filepath.Join(outside, "file"), filepath.Join(top, "a", "hard")))
	must(unix.Mkfifo(filepath.Join(top, "a", "fifo"), 0o600))
	must(os.Mkdir(filepath.Join(top, "a", "b", "closed"), 0))
	must(os.Chmod(filepath.Join(top, "a", "b"), 0o100))
	must(os.Chmod(filepath.Join(top, "a"), 0))

	// Deeper than a path can be long.
	fd, err := unix.Open(top, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	must(err)
	for range 3000 {
		must(unix.Mkdirat(fd, "deep", 0o700))
		next, err := unix.Openat(fd, "deep", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		must(err)
		must(unix.Close(fd))
		fd = next
	}
	must(unix.Close(fd))

	must(removeFresh(map[string]string{"/tmp": top}))
	if _, err := os.Lstat(top); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if info, err := os.Stat(filepath.Join(outside, "kept")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("what a link leads to: %v, %v", info, err)
	}
	if text, err := os.ReadFile(filepath.Join(outside, "file")); err != nil || string(text) != "x" {
		t.Errorf("what a link leads to: %q, %v", text, err)
	}
	must(removeFresh(map[string]string{"/tmp": top}))
}
