//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"first/tool": 0o755, "second/tool": 0o755, "second/other": 0o755, "first/other": 0o644, "first/data": 0o644} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o600), os.Chmod(path, mode))
	}
	must(t, os.MkdirAll(filepath.Join(dir, "first/directory"), 0o755))
	t.Chdir(dir)
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	path := "PATH=" + first + ":" + second
	for _, tc := range []struct {
		name, program string
		environment   []string
		want          string
		errno         unix.Errno
	}{
		{"the first wins", "tool", []string{path}, first + "/tool", 0},
		{"one that cannot be executed is passed over", "other", []string{path}, second + "/other", 0},
		{"none can be executed", "data", []string{path}, "data", unix.EACCES},
		{"a directory is no program", "directory", []string{path}, "directory", unix.ENOENT},
		{"nowhere", "gone", []string{path}, "gone", unix.ENOENT},
		{"no PATH", "tool", nil, "tool", unix.ENOENT},
		{"empty PATH", "tool", []string{"PATH="}, "tool", unix.ENOENT},
		{"a slash asks no PATH", "first/tool", nil, "first/tool", 0},
		{"nor whether it is there", "/gone", nil, "/gone", 0},
		{"never from a relative directory", "tool", []string{"PATH=first:."}, "tool", unix.ENOENT},
		{"an empty element is no directory", "tool", []string{"PATH=::" + second}, second + "/tool", 0},
		{"a longer name", "tool", []string{"XPATH=" + first, "PATH_=" + first}, "tool", unix.ENOENT},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, e := lookPath(tc.program, tc.environment)
			if got != tc.want || e != tc.errno {
				t.Errorf("got %q, %v, want %q, %v", got, e, tc.want, tc.errno)
			}
		})
	}
}
