//go:build linux

package integration

import (
	"os"
	"strings"
	"testing"
)

const hostFiles = "pkg/sentry/fsimpl/host/host.go"

// TestTrapRunscOutputIsOverwritten: where stdout is a regular file, the sentry writes from
// an offset 0 of its own, over what stands there, and so do stdout and stderr over each
// other. A pipe is exact.
func TestTrapRunscOutputIsOverwritten(t *testing.T) {
	const script = "echo out; echo err >&2; echo more"
	b := newRunscBundle(t).sh(script)
	path := b.at("output")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("header of the launcher\n"); err != nil {
		t.Fatal(err)
	}
	cmd := b.command(t)
	cmd.Stdout, cmd.Stderr = f, f
	finish(t, cmd).must(t, 0)
	if _, err := f.WriteString("trailer\n"); err != nil {
		t.Fatal(err)
	}
	runscTrap(t, readText(t, path), "err\nmore\n the launcher\ntrailer\n", "shares the offset of a file that is its stdout", hostFiles)

	o := b.run(t).must(t, 0)
	runscControl(t, o.stdout, "out\nmore\n", "a pipe as stdout")
	runscControl(t, o.stderr, "err\n", "a pipe as stderr")
}

// TestTrapRunscOutputIsTruncated: the guest can truncate a file of the host's that is its
// stdout, opened for appending or not. A pipe has nothing to truncate.
func TestTrapRunscOutputIsTruncated(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/python3", "-c", "import os; os.ftruncate(1, 0)")
	path := file(t, b.at("output"), "log of the launcher\n", 0o600)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := b.command(t)
	cmd.Stdout = f
	finish(t, cmd).must(t, 0)
	runscTrap(t, readText(t, path), "", "keeps a guest from truncating its stdout", hostFiles)
	o := b.run(t)
	runscControl(t, strings.Contains(o.stderr, "Invalid argument"), true, "a pipe: "+o.stderr)
}

// TestTrapRunscOwnerOfInputChanges: without directfs, a runsc of root's gives the files that are the
// guest's standard streams to uid 65534, a device of the host's as well
// (runsc/sandbox/sandbox.go, configureStdios). /dev/null is a node of this test's own in a mount
// namespace of its own.
func TestTrapRunscOwnerOfInputChanges(t *testing.T) {
	const script = `mknod -m 666 "$0" c 1 3
mount --bind "$0" /dev/null
"$@" </dev/null
stat -c %u /dev/null`
	before := ownerOf(t, os.DevNull)
	for directfs, want := range map[string]string{"--directfs=false": "65534\n", "--directfs=true": "0\n"} {
		b := newRunscBundle(t, "/usr/bin/true")
		b.flags = append(b.flags, directfs)
		got := b.prepared(t, script, b.at("null")).must(t, 0).stdout
		if directfs == "--directfs=false" {
			runscTrap(t, got, want, "leaves /dev/null to its owner", "runsc/sandbox/sandbox.go, configureStdios")
		} else {
			runscControl(t, got, want, directfs)
		}
	}
	b := newRunscBundle(t, "/usr/bin/stat", "-L", "-c", "%F", "/proc/self/fd/0")
	b.flags = append(b.flags, "--directfs=false")
	runscControl(t, b.output(t), "fifo", "a pipe as stdin, without directfs")
	runscControl(t, ownerOf(t, os.DevNull), before, "/dev/null of the machine")
}
