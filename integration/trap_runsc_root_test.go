//go:build linux

package integration

import (
	"path/filepath"
	"testing"
)

// TestTrapRunscRootIsSlash: with root.path "/" no bind mount has any effect, and the
// guest reads what the host has there (google/gvisor#14470). The compiler makes a root
// file system of its own.
func TestTrapRunscRootIsSlash(t *testing.T) {
	b := newRunscBundle(t)
	dir := mkdir(t, b.at("shown"))
	covered := file(t, filepath.Join(dir, "covered"), "the host's", 0o644)
	hidden := file(t, filepath.Join(dir, "hidden"), "the host's", 0o644)
	b.Mounts = nil
	b.bind(file(t, b.at("mine"), "mine", 0o644), covered)
	b.bind("/dev/null", hidden)
	b.sh("cat " + covered + "; echo; cat " + hidden)
	b.Root.Path = "/"
	runscTrap(t, b.output(t), "the host's the host's", `mounts binds over root.path "/"`, "runsc/cmd/sandboxsetup/gofer_mount.go, google/gvisor#14470")

	b.Root.Path = b.root()
	b.bind("/usr", "/usr", "ro")
	b.bind(dir, dir, "ro")
	b.Mounts = append(b.Mounts[2:], b.Mounts[:2]...)
	file(t, b.root(covered), "", 0o644)
	file(t, b.root(hidden), "", 0o644)
	runscControl(t, b.output(t), "mine", "binds over a root file system of its own")
}
