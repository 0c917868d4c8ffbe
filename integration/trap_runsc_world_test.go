//go:build linux

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// The files trap_runsc_*_test.go hold one test for each way in which runsc does
// something else than config.json says. A test shows the trap with a bundle made by
// hand, and as a control the form that holds. Where the trap is gone, runsc has
// changed, and the compiler may have to. Files of the source are named as of 20260905.

// runsc is the release that these tests pin down.
var runsc = "/usr/local/bin/runsc"

// runscBundle is a bundle made by hand, and how runsc runs it. What a guest has by
// default is as little as the tests need: uid 1000, no capability, /usr of the host
// and the probe, in a root file system of empty directories that cannot be written.
type runscBundle struct {
	specs.Spec
	// dir is the test's own; the root file system, the state of runsc and its logs
	// lie in it.
	dir, id string
	// flags stand before the command of runsc.
	flags []string
	// rewrite changes config.json, for what the types of the specification lack.
	rewrite func(string) string
	// user makes the connector's user the caller.
	user bool
}

// guestProbe is where a guest finds the probe.
const guestProbe = "/probe/probe"

func newRunscBundle(t *testing.T, program ...string) *runscBundle {
	t.Helper()
	b := &runscBundle{dir: tree(t)}
	b.id = "trap-" + filepath.Base(b.dir)
	for _, name := range []string{"usr", "proc", "sys", "dev", "tmp", "etc", "data", "probe"} {
		mkdir(t, b.root(name))
	}
	for _, name := range []string{"bin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+name, b.root(name)); err != nil {
			t.Fatal(err)
		}
	}
	b.Spec = specs.Spec{
		Version: specs.Version,
		Root:    &specs.Root{Path: b.root(), Readonly: true},
		Process: &specs.Process{
			User: specs.User{UID: 1000, GID: 1000},
			Args: program,
			Env:  []string{"PATH=/usr/bin", "HOME=/"},
			Cwd:  "/",
		},
		Linux: &specs.Linux{},
	}
	b.flags = []string{"--platform=systrap", "--network=none", "--ignore-cgroups", "--overlay2=none"}
	b.bind("/usr", "/usr", "ro")
	b.bind(filepath.Dir(probe), "/probe", "ro")
	t.Cleanup(func() { b.clean(t) })
	return b
}

// newUserRunscBundle is one that the connector's user runs, without any privilege.
func newUserRunscBundle(t *testing.T, program ...string) *runscBundle {
	t.Helper()
	b := newRunscBundle(t, program...)
	b.user = true
	b.Process.User = specs.User{}
	b.flags = append(b.flags, "--rootless")
	give(t, b.dir)
	return b
}

func mkdir(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// root is a path in the root file system.
func (b *runscBundle) root(path ...string) string {
	return filepath.Join(append([]string{b.dir, "rootfs"}, path...)...)
}

// at is a path in the test's directory.
func (b *runscBundle) at(name string) string { return filepath.Join(b.dir, name) }

// bind mounts a path of the host as the compiler would, but for its order.
func (b *runscBundle) bind(source, destination string, options ...string) {
	b.mount("bind", source, destination, append([]string{"rbind"}, options...)...)
}

func (b *runscBundle) tmpfs(destination string, options ...string) {
	b.mount("tmpfs", "tmpfs", destination, options...)
}

func (b *runscBundle) mount(kind, source, destination string, options ...string) {
	b.Mounts = append(b.Mounts, specs.Mount{Type: kind, Source: source, Destination: destination, Options: options})
}

// command writes config.json and is the command that runs it. Its standard streams are
// pipes: as root, runsc may give a file that is its stdin to another user.
func (b *runscBundle) command(t *testing.T) *exec.Cmd {
	t.Helper()
	text, err := json.MarshalIndent(b.Spec, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if b.rewrite != nil {
		before := string(text)
		if text = []byte(b.rewrite(before)); string(text) == before {
			t.Fatalf("nothing was rewritten in\n%s", before)
		}
	}
	file(t, b.at("config.json"), string(text), 0o644)
	for _, name := range []string{"log", "panic"} {
		if err := os.RemoveAll(b.at(name)); err != nil {
			t.Fatal(err)
		}
	}
	return b.runsc("run", "--bundle="+b.dir, b.id)
}

// runsc is a command of runsc's with the flags of the bundle, which every command must
// be given again.
func (b *runscBundle) runsc(words ...string) *exec.Cmd {
	args := append([]string{"--root=" + b.at("state"), "--log=" + b.at("log"), "--log-format=json", "--panic-log=" + b.at("panic")}, b.flags...)
	cmd := exec.Command(runsc, append(args, words...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Stdin = new(bytes.Buffer)
	if b.user {
		asConnector(cmd)
	}
	return cmd
}

// run runs the guest to its end.
func (b *runscBundle) run(t *testing.T) outcome {
	t.Helper()
	return finish(t, b.command(t))
}

// output is what a guest writes, with single blanks between the words, or how it failed.
func (b *runscBundle) output(t *testing.T) string {
	t.Helper()
	o := b.run(t)
	if o.code != 0 {
		return o.failure()
	}
	return strings.Join(strings.Fields(o.stdout), " ")
}

func (o outcome) failure() string {
	return fmt.Sprintf("exit code %d: %s", o.code, strings.TrimSpace(o.stdout+o.stderr))
}

// sh makes a guest of a script.
func (b *runscBundle) sh(script string, words ...string) *runscBundle {
	b.Process.Args = append([]string{"/usr/bin/sh", "-c", script, "sh"}, words...)
	return b
}

// try makes a guest of the probe and gives its answers. A guest that failed answers with how.
func (b *runscBundle) try(t *testing.T, accesses ...string) map[string]string {
	t.Helper()
	b.Process.Args = append([]string{guestProbe}, accesses...)
	o := b.run(t)
	if o.code == 0 {
		return answers(t, o.stdout)
	}
	failed := map[string]string{}
	for _, access := range accesses {
		failed[access] = o.failure()
	}
	return failed
}

// logged are the messages of a level that the last run left in its log.
func (b *runscBundle) logged(t *testing.T, level string) string {
	t.Helper()
	data, err := os.ReadFile(b.at("log"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var messages []string
	// Not every message ends its line.
	for decoder := json.NewDecoder(bytes.NewReader(data)); decoder.More(); {
		var line struct{ Level, Msg string }
		if err := decoder.Decode(&line); err != nil {
			t.Fatalf("%v in the log: %s", err, data)
		}
		if line.Level == level {
			messages = append(messages, line.Msg)
		}
	}
	return strings.Join(messages, "\n")
}

// panicked is what the sentry wrote in its last moments.
func (b *runscBundle) panicked(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(b.at("panic"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// prepared runs the guest after a script, in a mount namespace of its own that the machine
// sees nothing of. $0 is a word for the script, and "$@" the guest.
func (b *runscBundle) prepared(t *testing.T, script, word string) outcome {
	t.Helper()
	guest := b.command(t)
	cmd := exec.Command("/usr/bin/sh", append([]string{"-c", "set -e\nmount --make-rprivate /\n" + script, word}, guest.Args...)...)
	cmd.Env, cmd.Dir, cmd.Stdin = guest.Env, guest.Dir, guest.Stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return finish(t, cmd)
}

// clean removes what runsc leaves behind: its state, cgroups, and mounts below it.
func (b *runscBundle) clean(t *testing.T) {
	if o := finish(t, b.runsc("delete", "-force", b.id)); o.code != 0 {
		t.Errorf("delete: exit code %d: %s", o.code, o.stderr)
	}
	for _, dir := range b.cgroups(t) {
		if err := unix.Rmdir(dir); err != nil {
			t.Errorf("rmdir %s: %v", dir, err)
		}
	}
	for _, mount := range mountsBelow(t, b.dir) {
		if err := unix.Unmount(mount, unix.MNT_DETACH); err != nil {
			t.Errorf("umount %s: %v", mount, err)
		}
	}
}

// mountsBelow are the mount points below a directory, the deepest first.
func mountsBelow(t *testing.T, dir string) []string {
	t.Helper()
	var below []string
	for line := range strings.Lines(readText(t, "/proc/self/mounts")) {
		if at := strings.Fields(line)[1]; strings.HasPrefix(at, dir+"/") {
			below = append(below, at)
		}
	}
	slices.SortFunc(below, func(a, b string) int { return len(b) - len(a) })
	return below
}

// pathsBelow are the paths below a directory, itself left out.
func pathsBelow(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// runscTrap compares what the guest did with what the trap was. now is what runsc does
// where they differ, and see where its source has it.
func runscTrap(t *testing.T, got, want any, now, see string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("runsc %s now: see %s\n  found     %v\n  expected  %v", now, see, got, want)
	}
}

// runscControl compares what the form that holds does.
func runscControl(t *testing.T, got, want any, what string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("control: %s\n  found     %v\n  expected  %v", what, got, want)
	}
}
