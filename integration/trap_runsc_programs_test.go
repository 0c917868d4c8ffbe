//go:build linux

package integration

import (
	"path/filepath"
	"testing"
)

// TestTrapRunscMapIsExecute: noexec keeps a file from being executed and from being mapped to be
// executed, and no option keeps it from the first alone. Only its mode does that.
func TestTrapRunscMapIsExecute(t *testing.T) {
	const source = "pkg/sentry/vfs/mount.go"
	places := []string{"/shown/copy", "/tmp/copy"}
	tried := func(options ...string) string {
		t.Helper()
		b := newRunscBundle(t)
		b.bind(b.shown(t), "/shown", options...)
		b.tmpfs("/tmp", append(options, "mode=1777")...)
		var accesses []string
		for _, place := range places {
			accesses = append(accesses, "execcopy "+place, "mapcopy "+place)
		}
		answers := b.try(t, accesses...)
		got := ""
		for _, access := range accesses {
			got += answers[access] + " "
		}
		return got
	}
	runscTrap(t, tried("noexec"), "EACCES EPERM EACCES EPERM ", "maps from a mount that is noexec", source)
	runscControl(t, tried("rw"), "ok ok ok ok ", "a mount that is not noexec")

	// A shared object is executable where it can be mapped, but for its mode.
	b := newRunscBundle(t)
	dir := b.shown(t)
	program := readText(t, probe)
	file(t, filepath.Join(dir, "program"), program, 0o755)
	file(t, filepath.Join(dir, "library"), program, 0o644)
	b.bind(dir, "/shown", "ro")
	got := b.try(t, "exec /shown/program", "map /shown/program", "exec /shown/library", "map /shown/library")
	runscTrap(t, got["exec /shown/program"]+" "+got["map /shown/program"], "ok ok", "can map what it does not execute", source)
	runscControl(t, got["exec /shown/library"]+" "+got["map /shown/library"], "EACCES ok", "a file without an execute bit")
}
