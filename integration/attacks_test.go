//go:build linux

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a hostile program has tried, and got away with once.

// A set-user-ID file that the program leaves behind would run its code outside
// the sandbox, started by anybody.
func TestProgramLeavesNoSetuidFile(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "w"))
	policy := writePolicy(t, fmt.Sprintf("write = [%q]", dir), "")
	script := `import os
def attempt(name, f):
    try: f(); print(name, "ok")
    except OSError as e: print(name, e.strerror)
p = os.path.join("DIR", "")
open(p + "plain", "w").close()
attempt("chmod", lambda: os.chmod(p + "plain", 0o4755))
attempt("fchmod", lambda: os.fchmod(os.open(p + "plain", os.O_RDWR), 0o6755))
attempt("open", lambda: os.close(os.open(p + "made", os.O_CREAT | os.O_WRONLY, 0o4755)))
attempt("mknod", lambda: os.mknod(p + "node", 0o104755))
attempt("ordinary", lambda: os.chmod(p + "plain", 0o1755))
`
	run := func(cmd *exec.Cmd) string { return finish(t, cmd).must(t, 0).stdout }
	inside := run(confined(policy, "/usr/bin/python3.11", "-c", strings.ReplaceAll(script, "DIR", dir)))
	if want := "chmod X\nfchmod X\nopen X\nmknod X\nordinary ok\n"; inside != strings.ReplaceAll(want, "X", "Operation not permitted") {
		t.Errorf("inside:\n%s", inside)
	}
	outside := owned(t, filepath.Join(tree(t), "w"))
	control := run(asConnector(exec.Command("/usr/bin/python3.11", "-c", strings.ReplaceAll(script, "DIR", outside))))
	if control != "chmod ok\nfchmod ok\nopen ok\nmknod ok\nordinary ok\n" {
		t.Errorf("control:\n%s", control)
	}
}

// The program could rename a directory between a write entry and one inside it,
// and the inner entry would mean other files.
func TestEntryThatCouldBeMovedIsRefused(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "w"))
	file(t, filepath.Join(dir, "d", "secret"), "x", 0o644)
	give(t, filepath.Join(dir, "d"))
	deep := writePolicy(t, fmt.Sprintf("write = [%q]\nhide = [%q]", dir, filepath.Join(dir, "d", "secret")), "")
	wants(t, finish(t, confined(deep, "/usr/bin/true")).must(t, 125), "nothing ran", "could rename", "policy.toml:")
	// Directly below, the entry is a mount point, and stays.
	direct := writePolicy(t, fmt.Sprintf("write = [%q]\nhide = [%q]", dir, filepath.Join(dir, "d")), "")
	o := finish(t, confined(direct, "/usr/bin/sh", "-c", "mv '"+dir+"/d' '"+dir+"/e'"))
	if o.code == 0 {
		t.Errorf("the hidden directory was moved")
	}
}

// Leftovers whose main thread has ended look like zombies, and run on.
func TestOrphanWithoutMainThreadEnds(t *testing.T) {
	policy := writePolicy(t, "", "")
	script := `import ctypes, os, threading, time
if os.fork() == 0:
    os.setsid()
    threading.Thread(target=time.sleep, args=(300,)).start()
    ctypes.CDLL(None).pthread_exit(None)
time.sleep(0.3)
os._exit(7)
`
	finish(t, confined(policy, "/usr/bin/python3.11", "-c", script)).must(t, 7)
}

// A storm of forks may cost the exit code, and not the end of the run.
func TestForkStormEnds(t *testing.T) {
	policy := writePolicy(t, "", "[rlimits]\nnproc = 400\n")
	script := `import os
if os.fork() == 0:
    while True:
        try: os.fork()
        except OSError: pass
os._exit(7)
`
	o := finish(t, confined(policy, "/usr/bin/python3.11", "-c", script))
	if o.code != 7 && (o.code != 137 || !strings.Contains(o.stderr, "did not end")) {
		t.Errorf("exit code %d\n%s", o.code, o.stderr)
	}
}

// From an open directory every file below is reached around the mounts.
func TestDirectoryAsStdinIsRefused(t *testing.T) {
	dir, err := os.Open("/srv")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := confined(writePolicy(t, "", ""), "/usr/bin/true")
	cmd.Stdin = dir
	wants(t, finish(t, cmd).must(t, 125), "nothing ran", "stdin is a directory")
}

// In directories that all users share, anybody can make names that stop a launch.
func TestPlantedNamesStopNoLaunch(t *testing.T) {
	planted := "/tmp/.confine-none"
	if err := os.Mkdir(planted, 0o777); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(planted) })
	finish(t, confined(writePolicy(t, "tmp = [\"/tmp\"]", "[network]\nmode = \"host\"\n"), "/usr/bin/true")).must(t, 0)
}

func TestReceiptOutOfTheProgramsReach(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "w"))
	policy := writePolicy(t, fmt.Sprintf("write = [%q]", dir), "")
	receipt := filepath.Join(dir, "receipt.json")
	cmd := exec.Command(confine, "run", "--backend", "firejail", "--policy", policy, "--user", connectorUser, "--receipt", receipt, "--", "/usr/bin/true")
	wants(t, finish(t, cmd).must(t, 125), "nothing ran", "the directory of the receipt")
	// A refusal replaces the receipt of an earlier launch.
	own := filepath.Join(tree(t), "receipt.json")
	file(t, own, `{"outcome": "proven"}`, 0o600)
	refused := exec.Command(confine, "run", "--policy", policy, "--user", connectorUser, "--receipt", own, "--backend", "bubblewrap", "--", "/usr/bin/true")
	finish(t, refused).must(t, 125)
	if r := readReceipt(t, own); r.Outcome != "refused" || r.Refusal == "" {
		t.Errorf("receipt %+v", r)
	}
}

// A file that the program may write would stay on the machine's mount as a stream: it could be
// filled, opened again and started. It comes through a pipe.
func TestWrittenFileAsStream(t *testing.T) {
	dir := tree(t)
	written, other := filepath.Join(owned(t, filepath.Join(dir, "w")), "out"), filepath.Join(dir, "out")
	filesystem := fmt.Sprintf("write = [%q]", filepath.Dir(written))
	listed, unsigned := writePolicy(t, filesystem, ""), unsignedForNative(t, filesystem, "")
	start := fmt.Sprintf("cat /usr/bin/true; [ -p /proc/self/fd/1 ] && exit 3; %s /proc/self/fd/1 && echo started >&2", loader(t))
	want := readText(t, "/usr/bin/true")
	for name, cmd := range map[string]func(program ...string) *exec.Cmd{
		"firejail":    func(program ...string) *exec.Cmd { return confined(listed, program...) },
		"native":      func(program ...string) *exec.Cmd { return ownNative(unsigned, program...) },
		"native user": func(program ...string) *exec.Cmd { return ownNativeByUser(unsigned, program...) },
	} {
		// Under a name that the policy does not have it is the same file.
		linked := filepath.Join(dir, "linked")
		give(t, file(t, written, "", 0o755))
		if err := os.Link(written, linked); err != nil {
			t.Fatal(err)
		}
		for path, code := range map[string]int{written: 3, linked: 3, other: 127} {
			give(t, file(t, path, "before\n", 0o755))
			script := withStreams(cmd("/usr/bin/sh", "-c", start), ">>"+path)
			o := finish(t, script)
			if o.must(t, code); strings.Contains(o.stderr, "started\n") {
				t.Errorf("%s: the program started what it wrote to %s", name, path)
			}
			if got := readText(t, path); got != "before\n"+want {
				t.Errorf("%s: %d bytes at %s, expected %d", name, len(got), path, len(want)+len("before\n"))
			}
		}
		if err := os.Remove(linked); err != nil {
			t.Fatal(err)
		}
		give(t, file(t, written, "a line\n", 0o755))
		reader := withStreams(cmd("/usr/bin/cat"), "<"+written)
		if o := finish(t, reader).must(t, 0); o.stdout != "a line\n" {
			t.Errorf("%s: stdin is %q", name, o.stdout)
		}
		both := withStreams(cmd("/usr/bin/sh", "-c", "echo one; echo two >&2; exit 7"), ">"+written+" 2>&1")
		finish(t, both).must(t, 7)
		got := readText(t, written)
		if _, after, _ := strings.Cut(got, "one\n"); !strings.Contains(after, "two\n") {
			t.Errorf("%s: both streams: %q", name, got)
		}
	}
}
