//go:build linux

package integration

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// compileMounts is where runsc adds mounts that config.json does not have.
const compileMounts = "runsc/boot/vfs.go, compileMounts"

// TestTrapRunscTmpIsAdded: where the root file system has an empty /tmp, a memory disk is mounted
// on it that can be written and executed from, though the root is read-only and config.json
// has no such mount.
func TestTrapRunscTmpIsAdded(t *testing.T) {
	const fill, copied = "fill /tmp/new=4096", "execcopy /tmp/copy"
	b := newRunscBundle(t)
	got := b.try(t, fill, copied)
	runscTrap(t, got[fill]+" "+got[copied], "ok ok", "leaves an empty /tmp as it is", compileMounts)

	mounts := b.Mounts
	b.tmpfs("/tmp", "ro")
	runscControl(t, b.try(t, fill)[fill], "EROFS", "a memory disk of one's own")
	b.Mounts = mounts
	file(t, b.root("tmp", "file"), "", 0o644)
	runscControl(t, b.try(t, fill)[fill], "EACCES", "a /tmp that is not empty")
}

// TestTrapRunscDevIsAMemoryDisk: /dev is a memory disk without a limit, from which programs can
// be executed, to a guest whose uid is 0, without any capability. A mount of it says ro.
func TestTrapRunscDevIsAMemoryDisk(t *testing.T) {
	const fill, copied, shared, null = "fill /dev/new=4096", "execcopy /dev/copy", "fill /dev/shm/new=4096", "append /dev/null"
	b := newRunscBundle(t)
	b.Process.User = specs.User{}
	got := b.try(t, fill, copied, shared, null)
	runscTrap(t, got[fill]+" "+got[copied]+" "+got[shared], "ok ok ok", "has a /dev that cannot be written", compileMounts)
	runscControl(t, got[null], "ok", "/dev/null")

	b.tmpfs("/dev", "ro")
	got = b.try(t, fill, shared, null)
	runscControl(t, got[fill]+" "+got[shared]+" "+got[null], "EROFS EROFS ok", "/dev mounted ro")
	b = newRunscBundle(t)
	got = b.try(t, fill, shared, null)
	runscControl(t, got[fill]+" "+got[shared]+" "+got[null], "EACCES EACCES ok", "another uid")
}

// TestTrapRunscSysAndProcAreAdded: both are mounted where config.json does not have them. Nothing of
// the host is in them, and a memory disk covers them.
func TestTrapRunscSysAndProcAreAdded(t *testing.T) {
	b := newRunscBundle(t).sh("test -d /sys/kernel; echo $?; test -f /proc/self/status; echo $?")
	runscTrap(t, b.output(t), "0 0", "adds neither /sys nor /proc", compileMounts)
	b.tmpfs("/sys", "ro")
	b.tmpfs("/proc", "ro")
	b.sh("echo /sys/* /proc/*")
	runscControl(t, b.output(t), "/sys/* /proc/*", "memory disks on /sys and /proc")
}
