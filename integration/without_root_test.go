//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clone is what `make run` uses of a clone that has been built, owned by nobody with a name.
func clone(t *testing.T, owner string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "confine-test-") // not in /srv, which the demonstration replaces
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"scripts", "integration/testdata/connector"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join("..", part))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, confine, filepath.Join(dir, "bin", "confine"), 0o755)
	finish(t, exec.Command("/usr/bin/chown", "-R", owner+":"+owner, dir)).must(t, 0)
	return dir
}

// TestRunWithoutRoot: the demonstration takes no more than the kernel.
func TestRunWithoutRoot(t *testing.T) {
	const owner = "54321"
	dir := clone(t, owner)
	run := func(before string) outcome {
		cmd := exec.Command("/usr/bin/unshare", "--mount", "--propagation", "private", "sh", "-ec", before+"\nexec setpriv --reuid "+owner+" --regid "+owner+
			" --clear-groups --inh-caps=-all scripts/run-connector")
		cmd.Dir = dir
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
		return finish(t, cmd)
	}
	t.Run("runs", func(t *testing.T) {
		o := run("").must(t, 0)
		if !strings.Contains(o.stdout, "read: 11 records") || !strings.Contains(o.stdout, "verify: OK") || strings.Count(o.stderr, "confine: native ") != 2 {
			t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
		}
	})
	t.Run("without user namespaces", func(t *testing.T) {
		o := run("mount --bind /usr/bin/false /usr/bin/unshare").must(t, 1)
		wants(t, o, "make run: without root, this takes user namespaces", "sudo make run")
	})
	t.Run("where it cannot be", func(t *testing.T) {
		wants(t, run("mount --bind "+dir+" /srv\ncd /srv").must(t, 1), "the clone has to lie elsewhere", "found     /srv")
	})
	t.Run("without venv", func(t *testing.T) {
		modules := filepath.Join(fixtures, "no-ensurepip")
		file(t, filepath.Join(modules, "ensurepip.py"), "raise ImportError('no ensurepip here')\n", 0o644)
		o := run("mount -t tmpfs tmpfs /opt\nexport PYTHONPATH="+modules).must(t, 1)
		wants(t, o, "python3 with venv", "found     ImportError: no ensurepip here", "apt-get install python3-venv")
	})
}
