//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What is beside the exceptions is all but them, what is above them, and links.
func TestBeside(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"a/b/c", "a/bc", "empty", "z"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"a/b/file", "a/b/c/file", "file"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "a/b"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name         string
		except, want []string
	}{
		{"a file", []string{"file"}, []string{"a", "empty", "z"}},
		{"a directory", []string{"a"}, []string{"empty", "file", "z"}},
		{"deep", []string{"a/b/c"}, []string{"a/b/file", "a/bc", "empty", "file", "z"}},
		{"two at depths", []string{"a/b/c/file", "z"}, []string{"a/b/file", "a/bc", "empty", "file"}},
		{"one in another", []string{"a/b", "a/b/c"}, []string{"a/bc", "empty", "file", "z"}},
		{"absent, below a directory", []string{"empty/none"}, []string{"a", "file", "z"}},
		{"through a link", []string{"link/c"}, []string{"a", "empty", "file", "z"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := beside(dir, below(dir, tc.except))
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if want := below(dir, tc.want); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	if got, err := beside(filepath.Join(dir, "gone"), nil); err != nil || got != nil {
		t.Errorf("a directory that is gone: %q, %v", got, err)
	}
	if _, err := beside(filepath.Join(dir, "file"), nil); err == nil {
		t.Error("a file was listed")
	}
}

func below(dir string, names []string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(dir, name))
	}
	return paths
}

// Trying to write leaves everything as it was.
func TestTakes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file} {
		if err := takes(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/proc", filepath.Join(dir, "none")} {
		if err := takes(path); err == nil {
			t.Errorf("%s takes what is written", path)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "kept" {
		t.Errorf("the file is %q now, %v", text, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the directory holds %v now, %v", entries, err)
	}
}
