//go:build linux && (amd64 || arm64)

package seccomp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// pythonConnector is what a connector does: it imports native modules, starts a child,
// runs threads, calls a server and keeps files and a database.
const pythonConnector = `
import ctypes, hashlib, json, os, shutil, socket, sqlite3, ssl, subprocess, tempfile, threading, time
assert "Seccomp:\t2" in open("/proc/self/status").read()
subprocess.run(["/bin/true"], check=True)
assert subprocess.run(["uname"], stdout=subprocess.PIPE, close_fds=True).stdout
ssl.create_default_context(); hashlib.sha256(os.urandom(8)); time.process_time(); os.sched_getaffinity(0)
threads = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
with tempfile.TemporaryDirectory() as d:
    for mode in "delete", "wal":
        db = sqlite3.connect(d + "/db"); db.execute("pragma journal_mode=" + mode)
        db.execute("create table t" + mode + " (x)"); db.commit(); db.close()
    with open(d + "/a", "w") as f: f.write("x"); f.flush(); os.fsync(f.fileno())
    shutil.copy2(d + "/a", d + "/b"); os.rename(d + "/b", d + "/c"); os.chmod(d + "/c", 0o600)
    shutil.move(d + "/c", d + "/e"); assert sorted(os.listdir(d)) == ["a", "db", "e"]
    grown = bytearray(); [grown.extend(bytes(1 << 20)) for _ in range(64)]
a, b = socket.socketpair(); a.sendmsg([b"x"]); assert b.recv(1) == b"x"
try: socket.getaddrinfo("localhost", 80)
except socket.gaierror: pass
try: socket.create_connection(("127.0.0.1", 1), timeout=1)
except ConnectionRefusedError: pass
print("ok")
`

// shellConnector is what a wrapper script of a connector does.
const shellConnector = `
set -e
dir=$(mktemp -d)
grep -q '^Seccomp:.2$' /proc/self/status
echo x | tee "$dir/a" | sort | wc -l > "$dir/b"
cp "$dir/a" "$dir/c"; mv "$dir/c" "$dir/d"; touch "$dir/d"; chmod 600 "$dir/d"; mkdir -p "$dir/e/f"; test -x /bin/sh
ls -l "$dir" > /dev/null; find "$dir" -type f > /dev/null; cat "$dir/d" | sed s/x/y/ > "$dir/g"
sleep 0.01; kill -0 $$; date > /dev/null; head -c 8 /dev/urandom > /dev/null; (cd "$dir" && pwd > /dev/null)
rm -r "$dir"
echo ok
`

// pythonServices adds what the list default is for: a server, asyncio's children,
// semaphores (link), sessions, signals by a timer, extended attributes.
const pythonServices = `
import asyncio, multiprocessing, os, shutil, signal, socket, subprocess, tempfile
assert "Seccomp:\t2" in open("/proc/self/status").read()
assert subprocess.run(["uname"], stdout=subprocess.PIPE, start_new_session=True, close_fds=True).stdout
with tempfile.TemporaryDirectory() as d:
    open(d + "/a", "w").write("x"); shutil.copy2(d + "/a", d + "/b"); os.symlink("b", d + "/l"); os.link(d + "/a", d + "/h")
    shutil.copytree(d, d + "-copy"); shutil.rmtree(d + "-copy"); os.mkfifo(d + "/fifo")
server = socket.create_server(("127.0.0.1", 0)); client = socket.create_connection(server.getsockname())
server.accept()[0].sendall(b"x"); assert client.recv(1) == b"x"
async def child():
    return await (await asyncio.create_subprocess_exec("/bin/true")).wait()
assert asyncio.run(child()) == 0
with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
signal.signal(signal.SIGUSR1, lambda *a: None); os.kill(os.getpid(), signal.SIGUSR1); signal.alarm(0)
signal.setitimer(signal.ITIMER_REAL, 0); os.statvfs("/"); os.getloadavg()
print("ok")
`

// shellTools adds the tools that make links, pipes, archives and sessions.
const shellTools = `
set -e
dir=$(mktemp -d)
grep -q '^Seccomp:.2$' /proc/self/status
echo x > "$dir/a"
cp -a "$dir/a" "$dir/d"; ln -s d "$dir/e"; touch -d yesterday "$dir/d"
mkfifo "$dir/fifo"; stat "$dir/d" > /dev/null; ls -lR "$dir" > /dev/null; df / > /dev/null; find "$dir" -type l > /dev/null
(cd "$dir" && tar cf - a d | tar tf - > /dev/null); dd if=/dev/zero of="$dir/z" bs=1k count=4 conv=fsync 2> /dev/null
timeout 5 true; nice true; trap 'exit 3' TERM
rm -r "$dir"
echo ok
`

// TestProgramsWork runs what connectors are made of under the filter for them, and
// what other programs do under the wider one. Each workload also looks whether the
// filter is there.
func TestProgramsWork(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		base, title string
		words       []string
	}{
		{"connector", "python", []string{"/usr/bin/python3", "-c", pythonConnector}},
		{"connector", "shell", []string{"/bin/sh", "-c", shellConnector}},
		{"connector", "go", []string{self, goClientWord}},
		{"default", "python", []string{"/usr/bin/python3", "-c", pythonConnector}},
		{"default", "python services", []string{"/usr/bin/python3", "-c", pythonServices}},
		{"default", "shell", []string{"/bin/sh", "-c", shellTools}},
		{"default", "shell of a connector", []string{"/bin/bash", "-c", shellConnector}},
		{"default", "bash", []string{"/bin/bash", "-c", shellTools}},
		{"default", "go", []string{self, goServerWord}},
	} {
		t.Run(tt.base+" "+tt.title, func(t *testing.T) {
			out, err := subjectUnder(t, "exec", programHere(t, tt.base), tt.words...).Output()
			if err != nil || string(out) != "ok\n" {
				t.Errorf("under the filter: %q, %s", out, describeExit(err))
			}
		})
	}
}

// TestNarrowListIsNarrow: what moved to the wider list really needs it.
func TestNarrowListIsNarrow(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for title, words := range map[string][]string{
		"python services": {"/usr/bin/python3", "-c", pythonServices},
		"bash":            {"/bin/bash", "-c", "echo ok"}, // it asks for its process group
		"go":              {self, goServerWord},
	} {
		if out, err := subject(t, "exec", true, words...).Output(); err == nil {
			t.Errorf("%s works under the connector list: %q", title, out)
		}
	}
}

// One of these as the first argument has the environment of the program ask for a
// Go workload: without and with a server in it.
const (
	goClientWord = "go client"
	goServerWord = "go server"
)

// workloadEnvironment is the environment of programs that a subject executes.
func workloadEnvironment() []string {
	var environment []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, roleVariable+"=") {
			environment = append(environment, entry)
		}
	}
	if word := os.Args[len(os.Args)-1]; word == goClientWord || word == goServerWord {
		environment = append(environment, roleVariable+"="+word)
	}
	return environment
}

// runGoWorkload is what the Go program does under the filter.
func runGoWorkload(serves bool) int {
	err := goWorkload()
	if err == nil && serves {
		err = fetchFromSelf()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ok")
	return 0
}

func goWorkload() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	if !strings.Contains(string(status), "Seccomp:\t2") {
		return errors.New("there is no filter")
	}
	if err := exec.Command("/bin/true").Run(); err != nil {
		return err
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			runtime.LockOSThread()
			time.Sleep(time.Millisecond)
		})
	}
	group.Wait()
	runtime.GC()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		return err
	}
	<-signals
	dir, err := os.MkdirTemp("", "workload")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// fetchFromSelf serves and gets one page over the loopback device.
func fetchFromSelf() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	go func() { _ = http.Serve(listener, http.NotFoundHandler()) }()
	response, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
