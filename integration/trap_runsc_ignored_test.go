//go:build linux

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// shown is a directory of the host's with two files, of which a guest may see or
// change what a test says.
func (b *runscBundle) shown(t *testing.T) string {
	t.Helper()
	dir := mkdir(t, b.at("shown"))
	for _, name := range []string{"one", "two"} {
		chown(t, file(t, filepath.Join(dir, name), "the host's", 0o666), 1000, 1000)
	}
	chown(t, dir, 1000, 1000)
	mkdir(t, b.root("shown"))
	return dir
}

// TestTrapRunscPathListsAreIgnored: linux.maskedPaths and linux.readonlyPaths are read by
// nothing but the log (runsc/specutils/specutils.go). Mounts do what they say.
func TestTrapRunscPathListsAreIgnored(t *testing.T) {
	const script = "cat /shown/one /shown/two; echo; echo guest >/shown/three"
	naive := newRunscBundle(t).sh(script)
	dir := naive.shown(t)
	naive.bind(dir, "/shown")
	naive.Linux.MaskedPaths = []string{"/shown/one", "/shown/two"}
	naive.Linux.ReadonlyPaths = []string{"/shown"}
	runscTrap(t, naive.output(t), "the host'sthe host's", "honours maskedPaths and readonlyPaths", "runsc/specutils/specutils.go")
	runscTrap(t, readText(t, filepath.Join(dir, "three")), "guest\n", "honours readonlyPaths", "runsc/specutils/specutils.go")

	safe := newRunscBundle(t).sh("cat /shown/one; ls /shown/two; echo guest >/shown/three")
	dir = safe.shown(t)
	remake(t, filepath.Join(dir, "two"))
	safe.bind(dir, "/shown", "ro")
	safe.bind("/dev/null", "/shown/one", "ro")
	safe.tmpfs("/shown/two", "ro")
	o := safe.run(t)
	runscControl(t, o.code, 2, "a script that fails: "+o.stderr)
	runscControl(t, o.stdout, "", "a null file over a file, and a memory disk over a directory")
	runscControl(t, strings.Contains(o.stderr, "Read-only file system"), true, "a bind that is ro: "+o.stderr)
}

// remake makes a directory of a file, with something in it.
func remake(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Join(path, "inside"), "the host's", 0o644)
}

// TestTrapRunscMountOptionIsDropped: an option that runsc does not know is dropped, so
// that rro of mount(8) mounts for reading and writing (runsc/boot/vfs.go). ro is
// recursive by itself.
func TestTrapRunscMountOptionIsDropped(t *testing.T) {
	for option, trap := range map[string]bool{"rro": true, "nosuchoption": true, "ro": false} {
		b := newRunscBundle(t).sh("echo guest >/shown/one")
		dir := b.shown(t)
		b.bind(dir, "/shown", option)
		o := b.run(t)
		got := readText(t, filepath.Join(dir, "one"))
		if trap {
			runscTrap(t, got, "guest\n", "honours or refuses the option "+option, "runsc/boot/vfs.go")
			runscTrap(t, o.code, 0, "honours or refuses the option "+option, "runsc/boot/vfs.go")
		} else {
			runscControl(t, got, "the host's", option)
			runscControl(t, o.code, 2, option)
		}
	}
}

// TestTrapRunscMountTypeIsDropped: a mount of a type that runsc does not know is left
// out, and what it was to cover is shown; none is sysfs (runsc/boot/vfs.go).
func TestTrapRunscMountTypeIsDropped(t *testing.T) {
	for _, c := range []struct {
		kind, want string
		trap       bool
	}{
		{"nosuchfs", "one two", true},
		{"mqueue", "one two", true},
		{"none", "block", true},
		{"tmpfs", "", false},
	} {
		b := newRunscBundle(t).sh("ls /shown")
		b.bind(b.shown(t), "/shown", "ro")
		b.mount(c.kind, c.kind, "/shown", "ro")
		got := b.output(t)
		if c.kind == "none" {
			got, _, _ = strings.Cut(got, " ")
		}
		if c.trap {
			runscTrap(t, got, c.want, "honours or refuses mounts of type "+c.kind, "runsc/boot/vfs.go")
		} else {
			runscControl(t, got, c.want, c.kind)
		}
	}
}

// TestTrapRunscFieldIsDropped: a field that runsc does not know is dropped, so that a
// misspelt one is none at all.
func TestTrapRunscFieldIsDropped(t *testing.T) {
	// prctl(2), PR_GET_NO_NEW_PRIVS.
	const script = `import ctypes; print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))`
	for field, want := range map[string]string{"noNewPrivs": "0", "noNewPrivileges": "1"} {
		b := newRunscBundle(t, "/usr/bin/python3", "-c", script)
		b.rewrite = func(text string) string {
			return strings.Replace(text, `"process": {`, `"process": { "`+field+`": true,`, 1)
		}
		got := b.output(t)
		if want == "0" {
			runscTrap(t, got, want, "honours or refuses the field "+field, "runsc/specutils/specutils.go")
		} else {
			runscControl(t, got, want, field)
		}
	}
}

// TestTrapRunscUserName: user.username is ignored, and without user.uid the guest is
// root (runsc/boot/loader.go).
func TestTrapRunscUserName(t *testing.T) {
	b := newRunscBundle(t).sh("id -u")
	b.Process.User = specs.User{Username: "nobody"}
	runscTrap(t, b.output(t), "0", "honours user.username", "runsc/boot/loader.go")
	b.Process.User = specs.User{UID: 65534}
	runscControl(t, b.output(t), "65534", "user.uid")
}
