//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// deedsAt are the checks of one entry, by what was done.
func deedsAt(mode policy.PathMode, path string, control PathControl) map[string]Check {
	checks := map[string]Check{}
	e := compiler.Expectation{Guest: true, Paths: []compiler.PathExpectation{entry(mode, path, 0)}}
	for _, c := range checkDeeds(e, map[string]PathControl{path: control}) {
		checks[strings.TrimPrefix(c.Subject, path+": ")] = c
	}
	return checks
}

func TestDeeds(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	at := mountPoints(t, dir)
	for _, name := range []string{"ro-noexec", "ro", "noexec", "plain"} {
		must(t, unix.Mount("", at(name), "", unix.MS_REMOUNT|unix.MS_NOSUID, ""))
		must(t, os.WriteFile(filepath.Join(at(name), "sample"), []byte("x"), 0o644))
	}
	must(t, unix.Mount("", at("ro-noexec"), "", unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NOEXEC, ""),
		unix.Mount("", at("ro"), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""), unix.Mount("", at("noexec"), "", unix.MS_REMOUNT|unix.MS_NOEXEC, ""))
	const file, mapped = "make a file", "map with PROT_EXEC"
	for _, tc := range []struct {
		mode  policy.PathMode
		mount string
		// found by what was done; a deed that is not here is not done.
		proven, failed map[string]string
	}{
		{policy.ModeRead, "ro-noexec", map[string]string{file: "EROFS", mapped: "EPERM"}, nil},
		{policy.ModeRead, "ro", map[string]string{file: "EROFS"}, map[string]string{mapped: "done"}},
		{policy.ModeRead, "noexec", map[string]string{mapped: "EPERM"}, map[string]string{file: "done"}},
		{policy.ModeMap, "ro", map[string]string{file: "EROFS", mapped: "done"}, nil},
		{policy.ModeMap, "ro-noexec", map[string]string{file: "EROFS"}, map[string]string{mapped: "EPERM"}},
		{policy.ModeExec, "plain", map[string]string{mapped: "done"}, map[string]string{file: "done"}},
		{policy.ModeWrite, "noexec", map[string]string{mapped: "EPERM"}, nil},
		{policy.ModeWrite, "plain", nil, map[string]string{mapped: "done"}},
		{policy.ModeTmp, "noexec", map[string]string{file: "done", mapped: "EPERM"}, nil},
		{policy.ModeTmp, "plain", map[string]string{file: "done"}, map[string]string{mapped: "done"}},
		{policy.ModeTmp, "ro", nil, map[string]string{file: "EROFS"}},
		{policy.ModeHide, "plain", nil, nil},
		{policy.ModeAbsent, "plain", nil, nil},
		{policy.ModeRead, "gone", nil, nil},
	} {
		got := deedsAt(tc.mode, at(tc.mount), PathControl{})
		if len(got) != len(tc.proven)+len(tc.failed) {
			t.Errorf("%s on %s: %+v", tc.mode, tc.mount, got)
		}
		for what, found := range tc.proven {
			expectCheck(t, got[what], Proven, found)
		}
		for what, found := range tc.failed {
			expectCheck(t, got[what], Failed, found)
		}
		// What was made is gone: the directory is the host's own.
		if entries, err := os.ReadDir(at(tc.mount)); err == nil && len(entries) > 1 {
			t.Errorf("%s on %s left %v", tc.mode, tc.mount, entries)
		}
	}
	// What is to be written and is read-only outside.
	readOnly := PathControl{ReadOnly: true}
	expectCheck(t, deedsAt(policy.ModeWrite, at("ro-noexec"), readOnly)[file], Proven, "EROFS")
	expectCheck(t, deedsAt(policy.ModeWrite, at("noexec"), readOnly)[file], Failed, "done")
}

// A file is mapped, and nothing is made in it; what is no file is not opened.
func TestDeedsAtFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte("x"), 0o644))
	got := deedsAt(policy.ModeRead, path, PathControl{})
	if len(got) != 1 {
		t.Errorf("got %+v", got)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(pipe, 0o600))
	deedsAt(policy.ModeRead, filepath.Dir(pipe), PathControl{}) // does not wait for a writer
}

// Of a directory only a file is mapped that belongs to its entry, and has contents.
func TestSampleOfADirectory(t *testing.T) {
	dir := t.TempDir()
	e := compiler.Expectation{Paths: []compiler.PathExpectation{entry(policy.ModeRead, dir, 0), entry(policy.ModeExec, filepath.Join(dir, "a"), 0)}}
	if got := sampleIn(dir, e); got != "" {
		t.Errorf("in an empty directory: %s", got)
	}
	must(t, os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o644), os.WriteFile(filepath.Join(dir, "b"), nil, 0o644),
		os.Mkdir(filepath.Join(dir, "c"), 0o755), os.Symlink("/etc/passwd", filepath.Join(dir, "d")))
	if got := sampleIn(dir, e); got != "" {
		t.Errorf("got %s", got)
	}
	must(t, os.WriteFile(filepath.Join(dir, "e"), []byte("x"), 0o644))
	if got := sampleIn(dir, e); got != filepath.Join(dir, "e") {
		t.Errorf("got %s", got)
	}
	if got := sampleIn(filepath.Join(dir, "gone"), e); got != "" {
		t.Errorf("in a missing directory: %s", got)
	}
}
