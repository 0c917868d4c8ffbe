//go:build linux

package integration

import (
	"path/filepath"
	"strings"
	"testing"
)

const goferMounts = "runsc/cmd/sandboxsetup/gofer_mount.go"

// TestTrapRunscMountPointsAreMade: the mount point of a bind that is missing is made on the
// host: in the root file system, read-only or not, and in the source of another bind, ro or
// not. The mount point of a memory disk is not.
func TestTrapRunscMountPointsAreMade(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/true")
	dir := b.shown(t)
	b.bind(dir, "/shown", "ro")
	b.bind("/usr/share", "/made/directory", "ro")
	b.bind("/usr/bin/true", "/made/file", "ro")
	b.bind("/usr/bin/true", "/shown/made", "ro")
	b.run(t).must(t, 0)
	for _, path := range []string{b.root("made/directory"), b.root("made/file"), filepath.Join(dir, "made")} {
		runscTrap(t, exists(path), true, "makes no mount points on the host", goferMounts)
	}

	b = newRunscBundle(t, "/usr/bin/true")
	dir = b.shown(t)
	mkdir(t, b.root("made/directory"))
	file(t, b.root("made/file"), "", 0o644)
	file(t, filepath.Join(dir, "made"), "", 0o644)
	b.bind(dir, "/shown", "ro")
	b.bind("/usr/share", "/made/directory", "ro")
	b.bind("/usr/bin/true", "/made/file", "ro")
	b.bind("/usr/bin/true", "/shown/made", "ro")
	b.tmpfs("/shown/disk", "ro")
	before := pathsBelow(t, b.root())
	sources := pathsBelow(t, dir)
	b.run(t).must(t, 0)
	runscControl(t, pathsBelow(t, b.root()), before, "a root file system with all mount points")
	runscControl(t, pathsBelow(t, dir), sources, "a source with all mount points, and a memory disk on none")
}

// TestTrapRunscMountPointsOfAUser: where the gofer may not make a mount point, the start fails
// with an error that says nothing.
func TestTrapRunscMountPointsOfAUser(t *testing.T) {
	b := newUserRunscBundle(t, "/usr/bin/true")
	b.bind("/usr/share", "/made", "ro")
	runscTrap(t, b.run(t).code, 128, "needs no mount points", goferMounts)
	mkdir(t, b.root("made"))
	b.run(t).must(t, 0)
}

// TestTrapRunscOrderOfBinds: the gofer mounts in the order of the file, and the sentry by the
// length of paths: a child before its parent shows what the parent has.
func TestTrapRunscOrderOfBinds(t *testing.T) {
	b := newRunscBundle(t).sh("cat /shown/one")
	dir := b.shown(t)
	before := b.Mounts
	b.bind(file(t, b.at("mine"), "mine", 0o644), "/shown/one", "ro")
	b.bind(dir, "/shown", "ro")
	runscTrap(t, b.output(t), "the host's", "mounts children after their parents", goferMounts)

	b.Mounts = before
	b.bind(dir, "/shown", "ro")
	b.bind(b.at("mine"), "/shown/one", "ro")
	runscControl(t, b.output(t), "mine", "a parent before its child")
}

// TestTrapRunscBindOfSubmounts: bind fails where something is mounted below the source. rbind
// takes that too, and ro of it is for all of it.
func TestTrapRunscBindOfSubmounts(t *testing.T) {
	const script = `mount -t tmpfs sub "$0"
echo below >"$0"/file
"$@"
ls "$0"`
	for _, option := range []string{"bind", "rbind"} {
		b := newRunscBundle(t).sh("cat /shown/sub/file; echo x >/shown/sub/new || test $? = 2; echo y >/shown/new || test $? = 2")
		dir := b.shown(t)
		sub := mkdir(t, filepath.Join(dir, "sub"))
		b.mount("bind", dir, "/shown", option, "ro")
		o := b.prepared(t, script, sub)
		if option == "bind" {
			runscTrap(t, o.code, 128, "binds what has mounts below it without rbind", goferMounts)
			continue
		}
		o.must(t, 0)
		runscControl(t, o.stdout, "below\nfile\n", "rbind of what has mounts below it")
		runscControl(t, strings.Count(o.stderr, "Read-only file system"), 2, "ro of an rbind: "+o.stderr)
		runscControl(t, exists(filepath.Join(dir, "new")), false, "a write through an rbind that is ro")
	}
}

// TestTrapRunscMemoryDiskOverAFile: a memory disk covers directories only. A file is covered
// by a file.
func TestTrapRunscMemoryDiskOverAFile(t *testing.T) {
	b := newRunscBundle(t).sh("cat /shown/one; echo end")
	b.bind(b.shown(t), "/shown", "ro")
	mounts := b.Mounts
	b.tmpfs("/shown/one", "ro")
	runscTrap(t, b.run(t).code, 128, "mounts a memory disk over a file", "runsc/boot/vfs.go")
	b.Mounts = mounts
	b.bind("/dev/null", "/shown/one", "ro")
	runscControl(t, b.output(t), "end", "a null file over a file")
}
