//go:build linux

package stage

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

func TestMayExecuteAsksWithoutExecuting(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"program": 0o755, "data": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\ntouch "+dir+"/ran\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	program := mayExecute(filepath.Join(dir, "program"))
	if errors.Is(program, unix.EINVAL) {
		t.Skip("needs Linux 6.14: execveat with AT_EXECVE_CHECK")
	}
	if program != nil {
		t.Errorf("an executable file: %v", program)
	}
	if err := mayExecute(filepath.Join(dir, "data")); !errors.Is(err, unix.EACCES) {
		t.Errorf("a file without an execute bit: %v, want EACCES", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("the program was executed")
	}
}

func TestFindExecutablesSkipsNestedEntries(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/nested/program", "a/z", "empty/data"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o755)
		if filepath.Base(name) == "data" {
			mode = 0o644
		}
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	e := compiler.Expectation{Paths: []compiler.PathExpectation{
		entry(policy.ModeMap, filepath.Join(dir, "a"), 0),
		entry(policy.ModeExec, filepath.Join(dir, "a/nested"), 0),
		entry(policy.ModeMap, filepath.Join(dir, "empty"), 0),
		entry(policy.ModeRead, dir, 0),
	}}
	found := findExecutables(e)
	want := map[string]string{
		filepath.Join(dir, "a"):        filepath.Join(dir, "a/z"),
		filepath.Join(dir, "a/nested"): filepath.Join(dir, "a/nested/program"),
	}
	if len(found) != len(want) {
		t.Fatalf("found %v, want %v", found, want)
	}
	for path, file := range want {
		if found[path] != file {
			t.Errorf("%s: %s, want %s", path, found[path], file)
		}
	}
}
