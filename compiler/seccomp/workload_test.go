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

const pythonWorkload = `
import asyncio, ctypes, multiprocessing, os, shutil, signal, socket, sqlite3, ssl, subprocess, tempfile, threading, time
assert "Seccomp:\t2" in open("/proc/self/status").read()
subprocess.run(["/bin/true"], check=True)
assert subprocess.run(["uname"], stdout=subprocess.PIPE, start_new_session=True, close_fds=True).stdout
ssl.create_default_context()
threads = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
with tempfile.TemporaryDirectory() as d:
    db = sqlite3.connect(d + "/db"); db.execute("pragma journal_mode=wal")
    db.execute("create table t (x)"); db.commit(); db.close()
    open(d + "/a", "w").write("x"); shutil.copy2(d + "/a", d + "/b"); os.rename(d + "/b", d + "/c")
    shutil.copytree(d, d + "-copy"); shutil.rmtree(d + "-copy"); os.mkfifo(d + "/fifo"); os.chmod(d + "/c", 0o600)
server = socket.create_server(("127.0.0.1", 0)); client = socket.create_connection(server.getsockname())
server.accept()[0].sendall(b"x"); assert client.recv(1) == b"x"
async def child():
    return await (await asyncio.create_subprocess_exec("/bin/true")).wait()
assert asyncio.run(child()) == 0
with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
signal.signal(signal.SIGUSR1, lambda *a: None); os.kill(os.getpid(), signal.SIGUSR1); signal.alarm(0)
signal.setitimer(signal.ITIMER_REAL, 0); os.sched_getaffinity(0); os.getrandom(8); os.statvfs("/"); os.getloadavg()
print("ok")
`

const shellWorkload = `
set -e
dir=$(mktemp -d)
grep -q '^Seccomp:.2$' /proc/self/status
echo x | tee "$dir/a" | sort | wc -l > "$dir/b"
cp -a "$dir/a" "$dir/c"; mv "$dir/c" "$dir/d"; ln -s d "$dir/e"; touch -d yesterday "$dir/d"; chmod 600 "$dir/d"
mkfifo "$dir/fifo"; stat "$dir/d" > /dev/null; ls -lR "$dir" > /dev/null; df / > /dev/null; find "$dir" -type l > /dev/null
(cd "$dir" && tar cf - a d | tar tf - > /dev/null); dd if=/dev/zero of="$dir/z" bs=1k count=4 conv=fsync 2> /dev/null
timeout 5 true; nice true; sleep 0.01; kill -0 $$; trap 'exit 3' TERM; date > /dev/null; head -c 8 /dev/urandom > /dev/null
rm -r "$dir"
echo ok
`

// TestProgramsWork runs what connectors are made of under the filter. Each
// workload also looks whether the filter is there.
func TestProgramsWork(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		title string
		words []string
	}{
		{"python", []string{"/usr/bin/python3", "-c", pythonWorkload}},
		{"shell", []string{"/bin/sh", "-c", shellWorkload}},
		{"bash", []string{"/bin/bash", "-c", shellWorkload}},
		{"go", []string{self, goWorkloadWord}},
	} {
		t.Run(tt.title, func(t *testing.T) {
			out, err := subject(t, "exec", true, tt.words...).Output()
			if err != nil || string(out) != "ok\n" {
				t.Errorf("under the filter: %q, %s", out, describeExit(err))
			}
		})
	}
}

// goWorkloadWord as the first argument has the environment of the program ask
// for the Go workload.
const goWorkloadWord = "go workload"

// workloadEnvironment is the environment of programs that a subject executes.
func workloadEnvironment() []string {
	var environment []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, roleVariable+"=") {
			environment = append(environment, entry)
		}
	}
	if len(os.Args) > 2 && os.Args[2] == goWorkloadWord {
		environment = append(environment, roleVariable+"="+goWorkloadWord)
	}
	return environment
}

// runGoWorkload is what the Go program does under the filter.
func runGoWorkload() int {
	if err := goWorkload(); err != nil {
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
	if err := fetchFromSelf(); err != nil {
		return err
	}
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
