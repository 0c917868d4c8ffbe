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
	must(os.WriteFile(filepath.Join(top, "confine-1"), nil, 0o400))
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

	held, err := holdFresh(map[string]string{"/tmp": top})
	must(err)
	must(held.remove())
	if _, err := os.Lstat(top); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if info, err := os.Stat(filepath.Join(outside, "kept")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("what a link leads to: %v, %v", info, err)
	}
	if text, err := os.ReadFile(filepath.Join(outside, "file")); err != nil || string(text) != "x" {
		t.Errorf("what a link leads to: %q, %v", text, err)
	}
	held.release()
}

// What somebody puts in the place of a directory is not removed, and neither is what is moved
// away emptied elsewhere than where it is held.
func TestRemoveFreshThatIsAnother(t *testing.T) {
	dir := t.TempDir()
	top, other := filepath.Join(dir, "confine-x"), filepath.Join(dir, "other")
	for _, path := range []string{top, other} {
		if err := os.MkdirAll(filepath.Join(path, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	held, err := holdFresh(map[string]string{"/tmp": top})
	if err != nil {
		t.Fatal(err)
	}
	defer held.release()
	if err := os.Rename(top, filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, top); err != nil {
		t.Fatal(err)
	}
	if err := held.remove(); err == nil {
		t.Error("it is said to be removed")
	}
	if _, err := os.Stat(filepath.Join(other, "sub")); err != nil {
		t.Errorf("another directory was emptied: %v", err)
	}
	if names, err := os.ReadDir(filepath.Join(dir, "moved")); err != nil || len(names) != 0 {
		t.Errorf("what was made is not empty: %v, %v", names, err)
	}
}
