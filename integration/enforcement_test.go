//go:build linux

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Anybody can leave a file in the host's /dev/shm that makes firejail show it.
func TestHostSharedMemoryStaysOut(t *testing.T) {
	name := filepath.Join("/dev/shm", "jack-confine-test")
	file(t, name, "x", 0o666)
	t.Cleanup(func() { os.Remove(name) })
	policy := writePolicy(t, "dev = \"minimal\"", "")
	inside := answers(t, finish(t, confined(policy, probe, "read "+name, "write /dev/shm")).must(t, 0).stdout)
	if inside["read "+name] != "ENOENT" || inside["write /dev/shm"] != "ok" {
		t.Errorf("%v", inside)
	}
	wants(t, finish(t, confinedByUser(policy, "/usr/bin/true")).must(t, 125), "nothing ran", "filesystem.dev", "/dev/shm")
}

// Mounted over is only what is there at the start; a file that appears later would
// be readable.
func TestHideOfMissingFileIsRefused(t *testing.T) {
	dir := tree(t)
	file(t, filepath.Join(dir, "other"), "x", 0o644)
	policy := writePolicy(t, fmt.Sprintf("read = [%q]\nhide = [%q]", dir, filepath.Join(dir, "later")), "")
	wants(t, finish(t, confined(policy, "/usr/bin/true")).must(t, 125), "nothing ran", "missing", filepath.Join(dir, "later"))
}
