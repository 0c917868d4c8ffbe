//go:build linux

package egress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// loadVariable makes the test binary a gateway under load.
const loadVariable = "EGRESS_TEST_LOAD"

// A thousand connections, each of which carries something both ways, take less than
// 100 MB, their clients and hosts included: all of them are in one process.
func TestThousandConnections(t *testing.T) {
	const connections, perConnection, limit = 1000, 4, 100 << 10
	if os.Getenv(loadVariable) == "" {
		var files unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
			t.Fatal(err)
		}
		if files.Max < connections*perConnection*3/2 {
			t.Skipf("needs %d descriptors, the limit is %d", connections*perConnection*3/2, files.Max)
		}
		child := exec.Command("/proc/self/exe", "-test.run=^TestThousandConnections$", "-test.v", "-test.count=1")
		child.Env = append(os.Environ(), loadVariable+"=1")
		out, err := child.CombinedOutput()
		if err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		t.Logf("%s", out)
		return
	}
	w := open(t, network())
	clients, servers := make([]*net.TCPConn, connections), make([]*net.TCPConn, connections)
	for i := range clients {
		clients[i], servers[i] = w.pair()
	}
	const text = "some words that go through the gateway"
	for range 3 {
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				say(t, clients[i], text)
				hear(t, servers[i], text)
				say(t, servers[i], text)
				hear(t, clients[i], text)
			})
		}
		all.Wait()
	}
	peak := peakMemory(t)
	t.Logf("%d connections: at most %d KiB resident", connections, peak)
	if peak > limit && !raceDetector {
		t.Errorf("%d KiB resident, expected at most %d", peak, limit)
	}
}

// peakMemory is the largest resident set of this process so far, in KiB (proc(5), VmHWM).
func peakMemory(t *testing.T) int {
	t.Helper()
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// Bytes go from socket to socket by splice(2), and not through this process: nothing may
// stand between the two connections that net.TCPConn does not look through.
func TestSplice(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	before := bytesRead(t)
	data := make([]byte, 64<<20)
	var all sync.WaitGroup
	all.Go(func() {
		_, _ = client.Write(data)
		_ = client.CloseWrite()
	})
	got := 0
	// MSG_TRUNC drops the data (tcp(7)), so that it is nobody's read(2) here either.
	raw, err := server.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<20)
	for {
		n := 0
		err := raw.Read(func(fd uintptr) bool {
			var err error
			n, _, err = unix.Recvfrom(int(fd), buf, unix.MSG_TRUNC|unix.MSG_DONTWAIT)
			return err == nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		got += n
	}
	all.Wait()
	if got != len(data) {
		t.Errorf("%d bytes", got)
	}
	if read := bytesRead(t) - before; read > 1<<20 {
		t.Errorf("the process read %d bytes itself", read)
	}
	server.Close()
	if e := w.ended(1); e.Sent != uint64(got) {
		t.Errorf("%+v", e)
	}
}

// bytesRead counts what this process took by read(2), as Go does from a socket: proc(5),
// rchar, which has neither recv(2) nor splice(2).
func bytesRead(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if _, err := fmt.Sscanf(string(data), "rchar: %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A receiver that does not read holds the sender back, and loses nothing.
func TestBackPressure(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	var wrote int64
	_ = client.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	for {
		n, err := client.Write(make([]byte, 1<<20))
		wrote += int64(n)
		if err != nil {
			break
		}
		if wrote > 1<<30 {
			t.Fatal("the gateway takes everything")
		}
	}
	_ = client.CloseWrite()
	if n, err := io.Copy(io.Discard, server); err != nil || n != wrote {
		t.Errorf("%d of %d bytes, %v", n, wrote, err)
	}
}

// A process that has run out of descriptors tries again from time to time, and the
// connection waits for that.
func TestNoDescriptors(t *testing.T) {
	w := open(t, network())
	at := w.place(netip.AddrPortFrom(w.address("api.example.com"), port)).(*net.TCPAddr)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	client := os.NewFile(uintptr(fd), "client")
	defer client.Close()
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: files.Max}); err != nil {
		t.Fatal(err)
	}
	restore := func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
			t.Fatal(err)
		}
	}
	defer restore()
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	e := w.find("the failure", func(e Event) bool { return e.Verdict == Failed })
	if e.Kind != KindOpen || e.Because != "too many open files" {
		t.Errorf("%+v", e)
	}
	time.Sleep(3 * backOff)
	most := uint64(time.Since(begin)/backOff) + 2
	restore()
	server := w.accepted()
	if _, err := unix.Write(fd, []byte("at last")); err != nil {
		t.Fatal(err)
	}
	hear(t, server, "at last")
	w.Close()
	for _, e := range w.log.events(t) {
		if e.Verdict == Failed && e.Kind == KindOpen && e.Times > most {
			t.Errorf("tried %d times, expected at most %d", e.Times, most)
		}
	}
}
