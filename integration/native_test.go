//go:build linux

package integration

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"confine/compiler"
	"confine/policy"
)

// nativeLaunches are without namespaces, as in a container that allows none, and
// everyNative also with them.
var (
	nativeLaunches = []launch{{"root", native}, {"user", nativeByUser}}
	everyNative    = append(slices.Clip(nativeLaunches), launch{ownByRoot, ownNative}, launch{ownByUser, ownNativeByUser})
)

// signedForNative is a policy for the kernel alone, which leaves every system call to the
// guard.
func signedForNative(t *testing.T, filesystem, tables string) string {
	t.Helper()
	return accessPolicy(t, nil, nil, filesystem, "[syscalls]\nbase = \"unrestricted\"\n"+tables)
}

// A machine that has what must be absent is refused: Landlock could only close it.
func TestNativeAbsent(t *testing.T) {
	dir := filepath.Join(tree(t), "gone")
	policy := signedForNative(t, fmt.Sprintf("absent = [%q]", dir), "")
	for _, l := range everyNative {
		finish(t, l.cmd(policy, probe, "stat "+dir)).must(t, 0)
	}
	owned(t, dir)
	for _, l := range everyNative {
		wants(t, finish(t, l.cmd(policy, probe, "stat "+dir)).must(t, refused), "nothing ran", "absent", "policy.toml:", dir)
	}
}

// An ordinary caller's bounding set stays, and nothing comes out of it.
func TestNativeBoundingSet(t *testing.T) {
	policy := signedForNative(t, "proc = \"self\"", "")
	const script = "grep -E '^(Cap|NoNewPrivs)' /proc/self/status"
	outside := finish(t, asConnector(exec.Command("/usr/bin/sh", "-c", script))).must(t, 0).stdout
	want := strings.Replace(outside, "NoNewPrivs:\t0", "NoNewPrivs:\t1", 1)
	// The program itself reads it: its children could not.
	o := finish(t, nativeByUser(policy, "/usr/bin/grep", "-E", "^(Cap|NoNewPrivs)", "/proc/self/status")).must(t, 0)
	if o.stdout != want {
		t.Errorf("found\n%sexpected\n%s", o.stdout, want)
	}
	o = finish(t, native(policy, "/usr/bin/grep", "-E", "^Cap", "/proc/self/status")).must(t, 0)
	if !regexp.MustCompile(`^(Cap\w+:\t0+\n){5}$`).MatchString(o.stdout) {
		t.Errorf("a root caller's program has\n%s", o.stdout)
	}
}

// deeds does what its arguments say of an own process outside, of a file that may be read,
// of one that is hidden, and of a directory that may be written to. It answers with the
// errors, by deed.
const deeds = `
import ctypes, errno, fcntl, json, os, resource, signal, socket, struct, sys
outside, readable, hidden, written = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
libc = ctypes.CDLL(None, use_errno=True)
machine = os.uname().machine
number = {"x86_64": dict(ptrace=101, shmget=29, keyctl=250, memfd=319, uring=425, mount=165), "aarch64": dict(ptrace=117, shmget=194, keyctl=219, memfd=279, uring=425, mount=40)}[machine]
def call(name, *args):
    r = libc.syscall(number[name], *args)
    if r < 0: raise OSError(ctypes.get_errno(), name)
    return r
answers = {}
def deed(name):
    def run(f):
        try:
            f(); answers[name] = "ok"
        except OSError as e:
            answers[name] = errno.errorcode.get(e.errno, str(e))
    return run
def flags():
    with open(readable) as f: fcntl.ioctl(f, 0x40086602, struct.pack("l", 0))
def shared():
    segment = call("shmget", 0, 4096, 0o600)
    libc.shmctl(segment, 0, None)
def apart(f):
    # What changes the process is for a child.
    r, w = os.pipe()
    if os.fork() == 0:
        n = 0
        try: f()
        except OSError as e: n = e.errno
        os.write(w, bytes([n])); os._exit(0)
    os.wait(); n = os.read(r, 1)[0]
    if n: raise OSError(n, "")
def mounted():
    if libc.unshare(0x10020000) != 0: raise OSError(ctypes.get_errno(), "unshare")
    call("mount", b"none", b"/tmp", b"tmpfs", 0, None)
def namespaced():
    if libc.unshare(0x10000000) != 0: raise OSError(ctypes.get_errno(), "unshare")
def watched():
    fd = libc.inotify_init1(0)
    if fd < 0 or libc.inotify_add_watch(fd, os.path.dirname(hidden).encode(), 0x100) < 0: raise OSError(ctypes.get_errno(), "inotify")
    os.close(fd)
def planted():
    os.symlink(hidden, written + "/link")
    try: open(written + "/link").close()
    finally: os.unlink(written + "/link")
def linked(path):
    os.link(path, written + "/hard"); os.unlink(written + "/hard")
def moved():
    os.rename(readable, written + "/moved"); os.rename(written + "/moved", readable)
deed("signal")(lambda: os.kill(outside, 0))
deed("prlimit")(lambda: resource.prlimit(outside, resource.RLIMIT_CORE, (0, 0)))
deed("priority")(lambda: os.setpriority(os.PRIO_PROCESS, outside, 5))
deed("affinity")(lambda: os.sched_setaffinity(outside, os.sched_getaffinity(0)))
deed("trace")(lambda: apart(lambda: call("ptrace", 0x4206, outside, 0, 0)))  # whose end detaches it
deed("command line")(lambda: open("/proc/%d/cmdline" % outside).close())
deed("environment")(lambda: open("/proc/%d/environ" % outside).close())
deed("chmod")(lambda: os.chmod(readable, 0o600))
deed("times")(lambda: os.utime(readable, (1, 1)))
deed("attribute")(lambda: os.setxattr(readable, b"user.x", b"y"))
deed("flags")(flags)
deed("hidden")(lambda: open(hidden).close())
deed("hidden, by /proc")(lambda: open("/proc/self/root" + hidden).close())
deed("hidden, by a planted link")(planted)
deed("hidden, by a hard link")(lambda: linked(hidden))
deed("readable, by a hard link")(lambda: linked(readable))
deed("readable, moved")(moved)
deed("shared memory")(shared)
deed("keyring")(lambda: call("keyctl", 0, -4, 1))
deed("memory file")(lambda: os.close(call("memfd", b"x", 0)))
deed("ring")(lambda: call("uring", 1, ctypes.create_string_buffer(256)))
deed("local socket")(lambda: socket.socket(socket.AF_UNIX).close())
deed("pair of datagrams")(lambda: [s.close() for s in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)])
deed("mount")(lambda: apart(mounted))
deed("namespace")(lambda: apart(namespaced))
deed("watch")(watched)
print(json.dumps(answers))
`

// TestNativeOthers: by the kernel alone the program is among the processes of its user, with
// that user's files, and reaches none that the policy does not name.
func TestNativeOthers(t *testing.T) {
	dir := tree(t)
	readable := file(t, filepath.Join(dir, "readable"), "x", 0o644)
	hidden := file(t, filepath.Join(dir, "hidden"), "x", 0o600)
	give(t, readable)
	give(t, hidden)
	written := owned(t, filepath.Join(dir, "written"))
	give(t, dir)
	sleeping := asConnector(exec.Command(probe, "wait 1h"))
	if err := sleeping.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleeping.Process.Kill()
		_ = sleeping.Wait()
	})
	arguments := []string{"/usr/bin/python3.11", "-c", deeds, strconv.Itoa(sleeping.Process.Pid), readable, hidden, written}
	answersOf := func(cmd *exec.Cmd) map[string]string {
		answers := map[string]string{}
		if err := json.Unmarshal([]byte(finish(t, cmd).must(t, 0).stdout), &answers); err != nil {
			t.Fatal(err)
		}
		return answers
	}
	outside := answersOf(asConnector(exec.Command(arguments[0], arguments[1:]...)))
	policy := signedForNative(t, fmt.Sprintf("read = [%q]\nwrite = [%q]\nproc = \"self\"", readable, written), "")
	for _, l := range everyNative {
		inside := answersOf(l.cmd(policy, arguments...))
		if len(inside) != len(outside) || len(inside) < 20 {
			t.Errorf("%d answers inside, %d outside", len(inside), len(outside))
		}
		for deed, got := range inside {
			if outside[deed] != "ok" {
				t.Errorf("control: %s: %s outside", deed, outside[deed])
			}
			if got == "ok" {
				t.Errorf("%s: %s: ok inside", l.name, deed)
			}
		}
	}
}

// daemons leave the program's process group, session and parent.
const daemons = "for i in 1 2 3; do (setsid sh -c 'exec sleep 300' >/dev/null 2>&1 &); done; echo ${TMPDIR:-/tmp}; "

// TestNativeLeavesNothing: however a run ends, all that the program started ends with it, and
// so does its temporary directory.
func TestNativeLeavesNothing(t *testing.T) {
	filesystem := "tmp = [\"/tmp\"]\ndev = \"minimal\""
	policy := signedForNative(t, filesystem, "")
	closed := "mkdir -p ${TMPDIR:-/tmp}/a/b; echo x >${TMPDIR:-/tmp}/a/b/c; "
	kill := func(word string) func(*testing.T, started, map[int]string) {
		return func(t *testing.T, s started, family map[int]string) {
			for pid, name := range family {
				if strings.Contains(name, word) {
					if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
						t.Fatal(err)
					}
					return
				}
			}
			t.Fatalf("no %s in %v", word, family)
		}
	}
	for _, l := range everyNative {
		for name, tc := range map[string]struct {
			rest string
			end  func(*testing.T, started, map[int]string)
		}{
			"by itself":     {"sleep 1", func(*testing.T, started, map[int]string) {}},
			"SIGTERM":       {"exec sleep 300", func(_ *testing.T, s started, _ map[int]string) { _ = s.Process.Signal(syscall.SIGTERM) }},
			"killed runner": {"exec sleep 300", func(_ *testing.T, s started, _ map[int]string) { _ = s.Process.Kill() }},
			"killed warden": {"exec sleep 300", kill("__ward")},
			"killed guard":  {"exec sleep 300", kill("__guard")},
		} {
			t.Run(l.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := start(t, l.cmd, policy, closed+daemons+tc.rest)
				fresh := s.line(t)
				own := fresh == "/tmp"
				if own == slices.ContainsFunc(nativeLaunches, func(n launch) bool { return n.name == l.name }) || !own && !strings.HasPrefix(fresh, "/tmp/confine-") {
					t.Fatalf("TMPDIR is %q", fresh)
				}
				if text, err := os.ReadFile(filepath.Join(fresh, "a", "b", "c")); !own && (err != nil || string(text) != "x\n") {
					t.Fatalf("control: %q, %v", text, err)
				}
				family := s.family(t)
				const least = 6 // runner, guard, warden, and three that left
				if len(family) < least {
					t.Fatalf("control: only %v", family)
				}
				tc.end(t, s, family)
				_ = s.Wait()
				gone(t, family, endLimit)
				if _, err := os.Stat(fresh); !own && !os.IsNotExist(err) {
					t.Errorf("%s is still there: %v", fresh, err)
				}
			})
		}
	}
}

// TestNativeForks: a program that starts processes as fast as it can is ended with all of
// them.
func TestNativeForks(t *testing.T) {
	policy := signedForNative(t, "", "[rlimits]\nnproc = 300\n")
	mark := tree(t) // no other process of the machine has it in its command line
	const forks = `import os, sys, time
print("ready", flush=True)
while True:
    try: os.fork()
    except OSError: pass
`
	for _, l := range everyNative {
		cmd := l.cmd(policy, "/usr/bin/python3.11", "-c", forks, mark)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s := started{Cmd: cmd}
		if _, err := stdout.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		family := s.family(t)
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("it ended by itself")
		}
		gone(t, family, endLimit)
		_, alive := processes(t)
		for pid, name := range alive {
			if strings.Contains(name, mark) {
				t.Errorf("process %d is left: %.60s", pid, name)
			}
		}
	}
}

// TestNativeExceptionIsNeeded: what Landlock leaves open has to be signed for.
func TestNativeExceptionIsNeeded(t *testing.T) {
	text := strings.Replace(readText(t, signedForNative(t, "read = [\"/etc/hosts\"]", "")), accepted(compiler.Native, policy.ClauseFilesystemMap), "", 1)
	unsigned := file(t, filepath.Join(tree(t), "policy.toml"), text, 0o644)
	for _, l := range nativeLaunches {
		wants(t, finish(t, l.cmd(unsigned, "/usr/bin/true")).must(t, refused), "nothing ran", "filesystem.map", "policy.toml:", "Landlock")
	}
}

// TestNativeChains: processes that start another one and end at once are ended too, though
// nobody can see all of them.
func TestNativeChains(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "w"))
	policy := signedForNative(t, fmt.Sprintf("write = [%q]", dir), "")
	const chain = `import os, sys, time
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        while True:
            if os.fork(): os._exit(0)
            with open(sys.argv[1] + "/beat", "a") as f: f.write("x")
time.sleep(0.5)
`
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(filepath.Join(dir, "beat"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	for _, l := range everyNative {
		for range 5 {
			finish(t, l.cmd(policy, "/usr/bin/python3.11", "-c", chain, dir)).must(t, 0)
			before := size()
			if before == 0 {
				t.Error("control: no beat")
			}
			time.Sleep(200 * time.Millisecond)
			if after := size(); after != before {
				t.Fatalf("%s: %d beats after the end", l.name, after-before)
			}
		}
	}
}

// TestNativeSockets: a socket that the program is given could be used for any peer.
func TestNativeSockets(t *testing.T) {
	policy := signedForNative(t, "", "")
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	datagrams, err := udp.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	stream, peer := os.NewFile(uintptr(pair[0]), "stream"), os.NewFile(uintptr(pair[1]), "peer")
	defer stream.Close()
	defer peer.Close()
	for _, l := range everyNative {
		cmd := l.cmd(policy, "/usr/bin/true")
		cmd.Stdin = datagrams
		wants(t, finish(t, cmd).must(t, refused), "nothing ran", "stdin is a socket")
		cmd = l.cmd(policy, "/usr/bin/true")
		cmd.Stdin = stream
		finish(t, cmd).must(t, 0)
	}
}
