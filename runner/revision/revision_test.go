package revision

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository makes one with two commits, and goes into it.
func repository(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for name, value := range map[string]string{
		"HOME": dir, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
		"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
	} {
		t.Setenv(name, value)
	}
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	run("init", "-q", "-b", "main")
	write("policies/a.toml", "first\n")
	write("policies/ä b.toml", "umlaut\n")
	write("large", strings.Repeat("0123456789", 1<<20))
	write("empty", "")
	for link, target := range map[string]string{"policies/inside": "a.toml", "policies/outside": "/etc/passwd", "policies/nowhere": "b"} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	run("add", ".")
	run("commit", "-q", "-m", "first")
	run("tag", "v1")
	write("policies/a.toml", "second\n")
	run("commit", "-q", "-a", "-m", "second")
	write("policies/a.toml", "not committed\n")
}

func TestRead(t *testing.T) {
	repository(t)
	for _, tt := range []struct{ rev, path, want string }{
		{"HEAD", "policies/a.toml", "second\n"},
		{"main", "policies/a.toml", "second\n"},
		{"v1", "policies/a.toml", "first\n"},
		{"HEAD~1", "policies/a.toml", "first\n"},
		{"main@{0}", "./policies/a.toml", "second\n"},
		{"HEAD", "policies/ä b.toml", "umlaut\n"},
		{"HEAD", "policies/inside", "second\n"},
		{"HEAD", "empty", ""},
		{"HEAD", "large", strings.Repeat("0123456789", 10)},
	} {
		tree, err := Open(tt.rev)
		if err != nil {
			t.Errorf("%s: %v", tt.rev, err)
			continue
		}
		text, err := tree.Read(tt.path, 100)
		if err != nil || string(text) != tt.want {
			t.Errorf("%s:%s: %q, %v", tt.rev, tt.path, text, err)
		}
	}
	t.Chdir("policies")
	tree, err := Open("v1")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := tree.Read("./a.toml", 100); err != nil || string(text) != "first\n" {
		t.Errorf("./a.toml: %q, %v", text, err)
	}
}

func TestReadRefuses(t *testing.T) {
	repository(t)
	tree, err := Open("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"policies/b.toml":     "",
		"a.toml":              "",
		"policies/a.toml/x":   "",
		"policies/nowhere":    "",
		"no such missing":     "",
		"no blob 3":           "",
		"policies":            "is a directory",
		"policies/outside":    "leads out of the repository",
		"../a.toml":           "outside repository",
		"":                    "no path of a file",
		"policies/a.toml\nx":  "no path of a file",
		"policies/a.toml\x00": "no path of a file",
	} {
		text, err := tree.Read(path, 100)
		switch {
		case err == nil:
			t.Errorf("%q: read %q", path, text)
		case want == "" && !errors.Is(err, fs.ErrNotExist):
			t.Errorf("%q: %v, which is not that there is none", path, err)
		case want != "" && (errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	repository(t)
	for rev, want := range map[string]string{
		"":                      "no revision before the colon",
		"--output=x":            "begins with a dash",
		"-h":                    "begins with a dash",
		"a\nb":                  "line break",
		"nope":                  "git knows no revision",
		"HEAD:policies":         "git knows no revision",
		strings.Repeat("0", 40): "git knows no revision",
	} {
		if _, err := Open(rev); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", rev, err, want)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a revision was an option")
	}

	t.Chdir(t.TempDir())
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(t.TempDir()))
	if _, err := Open("HEAD"); err == nil || !strings.Contains(err.Error(), "not a git repository") {
		t.Errorf("without a repository: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Open("HEAD"); err == nil || !strings.Contains(err.Error(), "git is not installed") {
		t.Errorf("without git: %v", err)
	}
}

// TestReadIsPinned: a branch that moves on does not change what was opened.
func TestReadIsPinned(t *testing.T) {
	repository(t)
	tree, err := Open("main")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "commit", "-q", "-a", "-m", "third").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text, err := tree.Read("policies/a.toml", 100); err != nil || string(text) != "second\n" {
		t.Errorf("%q, %v", text, err)
	}
}
