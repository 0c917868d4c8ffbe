//go:build linux

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestTrapRunscTerminal: with process.terminal and no --console-socket, what the guest writes goes to
// the descriptor of its stdin and is lost.
func TestTrapRunscTerminal(t *testing.T) {
	b := newRunscBundle(t).sh("echo out; echo err >&2; exit 0")
	runscControl(t, b.output(t), "out", "a guest without a terminal")
	b.Process.Terminal = true
	runscTrap(t, b.run(t), outcome{}, "writes to stdout with a terminal", "runsc/sandbox/sandbox.go")
}

// TestTrapRunscDirectoryIsMade: a working directory that is missing is made, by root and with no regard
// to what the guest may do: on the host, in the source of a bind that is rw.
func TestTrapRunscDirectoryIsMade(t *testing.T) {
	const source = "runsc/boot/vfs.go"
	b := newRunscBundle(t).sh("pwd")
	dir := mkdir(t, b.at("shown"))
	mkdir(t, b.root("shown"))
	b.bind(dir, "/shown")
	b.Process.Cwd = "/shown/made"
	runscTrap(t, b.output(t), "/shown/made", "wants a working directory that is there", source)
	runscTrap(t, ownerOf(t, filepath.Join(dir, "made")), uint32(0), "makes a working directory as the guest", source)

	b.Mounts[len(b.Mounts)-1].Options = []string{"rbind", "ro"}
	b.Process.Cwd = "/shown/other"
	runscControl(t, b.run(t).code, 128, "a missing directory in a bind that is ro")
	b.Process.Cwd = "/data/other"
	runscControl(t, b.run(t).code, 128, "a missing directory in a root that is ro")
}

// TestTrapRunscHomeIsAdded: HOME is added to the environment, from passwd in the guest's root file
// system, and of a variable that is there twice the last counts. Nothing else comes from outside.
func TestTrapRunscHomeIsAdded(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/env")
	file(t, b.root("etc", "passwd"), "guest:x:1000:1000::/home/of/guest:/bin/sh\n", 0o644)
	b.Process.Env = []string{"TWICE=1", "TWICE=2"}
	cmd := b.command(t)
	cmd.Env = append(cmd.Env, "CALLER=yes")
	o := finish(t, cmd).must(t, 0)
	runscTrap(t, o.stdout, "TWICE=2\nHOME=/home/of/guest\n", "does otherwise with the environment", "runsc/boot/loader.go")
	b.Process.Env = []string{"HOME=/"}
	runscControl(t, b.output(t), "HOME=/", "a HOME of one's own")
}

// TestTrapRunscNetRawIsTaken: CAP_NET_RAW is taken away without a word, unless --net-raw; a guest that
// is given no capabilities has none, uid 0 or not.
func TestTrapRunscNetRawIsTaken(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/grep", "^CapBnd", "/proc/self/status")
	b.Process.User = specs.User{}
	runscControl(t, b.output(t), "CapBnd: 0000000000000000", "no capabilities")
	given := []string{"CAP_CHOWN", "CAP_NET_RAW"}
	b.Process.Capabilities = &specs.LinuxCapabilities{Bounding: given, Effective: given, Permitted: given}
	runscTrap(t, b.output(t), "CapBnd: 0000000000000001", "gives CAP_NET_RAW without --net-raw", "runsc/specutils/specutils.go")
	b.flags = append(b.flags, "--net-raw")
	runscControl(t, b.output(t), "CapBnd: 0000000000002001", "--net-raw")
}

// TestTrapRunscDescriptorsStayOutside: what else runsc has open, the guest has not, unless --pass-fd.
func TestTrapRunscDescriptorsStayOutside(t *testing.T) {
	b := newRunscBundle(t).sh("cd /proc/self/fd && echo *; cat <&9")
	secret, err := os.Open(file(t, b.at("secret"), "secret", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	passed := []*os.File{secret, secret, secret, secret}
	cmd := b.command(t)
	cmd.ExtraFiles = passed
	o := finish(t, cmd)
	runscControl(t, strings.Contains(o.stdout, "secret") || o.code == 0, false, "a descriptor that runsc inherits: "+o.stdout)

	cmd = b.command(t)
	cmd.ExtraFiles = passed
	last := len(cmd.Args) - 1
	cmd.Args = append(cmd.Args[:last:last], "--pass-fd=4:9", b.id)
	runscControl(t, strings.Contains(finish(t, cmd).must(t, 0).stdout, "secret"), true, "--pass-fd")
}
