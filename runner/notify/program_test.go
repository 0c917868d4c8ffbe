//go:build linux

package notify

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// unfiltered runs a program of this binary without a filter, which shows what the kernel
// itself does.
func (w *world) unfiltered(name string, argv ...string) []string {
	w.t.Helper()
	p := w.mode(name, argv...)
	p.Env = append(p.Env, stageVariable+"=open")
	return w.start(p).ended()
}

// What is wrong with a call is answered as the kernel answers it, but where the broker
// says that there is no such host, and that it connects no other sockets.
func TestErrors(t *testing.T) {
	w := open(t)
	kernel := w.unfiltered("errors")
	w.shut()
	w = open(t)
	got := w.start(w.mode("errors")).ended()
	if len(got) != len(kernel) {
		t.Fatalf("got:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(kernel, "\n"))
	}
	differ := map[string]string{
		"unix EINVAL": "unix EACCES",
		"path EBADF":  "path ENOTSOCK",
	}
	for i, want := range kernel {
		if other, ok := differ[want]; ok {
			want = other
		}
		if got[i] != want {
			t.Errorf("%q, expected %q", got[i], want)
		}
	}
	w.undirected()
}

// Whatever races with a connect, it goes where the policy says or nowhere.
func TestRaces(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"rewrites", []string{"reached 192.0.2.7", "ECONNREFUSED", "ENETUNREACH"}},
		{"exchanges", []string{"connected", "EALREADY", "ECONNABORTED", "ENOTCONN", "ECONNRESET"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := open(t)
			w.unfiltered(tt.name)
			if !slices.Contains(w.direct(), forbidden) {
				t.Errorf("without a filter, nothing reached %s: the race proves nothing", forbidden)
			}
			w.shut()
			w = open(t)
			got := w.start(w.mode(tt.name)).ended()
			for _, line := range got {
				if !slices.Contains(tt.want, line) {
					t.Errorf("got %q, expected one of %q", line, tt.want)
				}
			}
			if !slices.Contains(got, tt.want[0]) {
				t.Errorf("never: %s", tt.want[0])
			}
			w.undirected()
		})
	}
}

func TestUnspecified(t *testing.T) {
	w := open(t)
	same(t, w.start(w.mode("unspec")).ended(), "EAFNOSUPPORT", "ENETUNREACH", "0 192.0.2.7", "EISCONN", "EISCONN")
	w.undirected()
}

func TestHostile(t *testing.T) {
	for seed := range 3 {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			w := open(t)
			before := descriptors(t, os.Getpid())
			p := w.start(w.mode("hammers", strconv.Itoa(seed)))
			lines := p.ended()
			if got := strings.Join(lines[max(0, len(lines)-2):], "\n"); got != "0 192.0.2.7\nalive" {
				t.Errorf("got %q", strings.Join(lines, "\n"))
			}
			w.undirected()
			if code := <-w.gone; code != 0 {
				t.Errorf("the supervisor ended with %d", code)
			}
			w.gateway.Close()
			w.settled(os.Getpid(), before)
		})
	}
}

// descriptors counts those of a process.
func descriptors(t testing.TB, pid int) int {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// settled waits until a process has no more descriptors than before.
func (w *world) settled(pid, before int) {
	w.t.Helper()
	w.until("descriptors are closed", func() bool { return descriptors(w.t, pid) <= before })
}

func TestThousandsOfConnects(t *testing.T) {
	w := open(t)
	expect, say := w.talk(w.mode("waits"))
	expect(t, "0", "ENETUNREACH")
	// Go's own descriptors are there after the first ones.
	say(t, fmt.Sprintf("many %d", 2*firstSweep))
	expect(t, "done", "0", "ENETUNREACH")
	supervisor, own := descriptors(t, w.process.Pid), descriptors(t, os.Getpid())
	say(t, "many 5000")
	expect(t, "done", "0", "ENETUNREACH")
	w.settled(os.Getpid(), own)
	// One of the two sockets of "waits" was not connected, each time.
	w.settled(w.process.Pid, supervisor+1)
	w.undirected()
}

// talk starts a program and gives what expects lines of it and what says one to it.
func (w *world) talk(p *program) (expect func(t *testing.T, want ...string), say func(t *testing.T, line string)) {
	w.t.Helper()
	in, err := p.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	p.Stdout = nil
	out, err := p.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	w.start(p)
	lines := bufio.NewReader(out)
	expect = func(t *testing.T, want ...string) {
		t.Helper()
		for _, w := range want {
			line, err := lines.ReadString('\n')
			if err != nil || strings.TrimSpace(line) != w {
				t.Fatalf("%q, %v, expected %q; %s", line, err, w, &p.out)
			}
		}
	}
	return expect, func(t *testing.T, line string) {
		t.Helper()
		if _, err := fmt.Fprintln(in, line); err != nil {
			t.Fatal(err)
		}
	}
}

// Without a supervisor, or one without a runner, nothing connects any more.
func TestSupervisorIsGone(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"killed":     func(w *world) { _ = w.process.Kill() },
		"no runner":  func(w *world) { _ = w.conn.Close() },
		"its socket": func(w *world) { _ = unix.Shutdown(raw(w), unix.SHUT_RDWR) },
		"closed":     func(w *world) { w.Broker.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			expect, say := w.talk(w.mode("waits"))
			expect(t, "0", "ENETUNREACH")
			end(w)
			if code := <-w.gone; code == 0 {
				t.Error("the supervisor ended as if nothing were left")
			}
			say(t, "again")
			expect(t, "ENOSYS", "ENOSYS", "socket: ENOSYS")
			w.undirected()
		})
	}
}

// raw is the descriptor of the runner's end.
func raw(w *world) (fd int) {
	w.t.Helper()
	c, err := w.conn.SyscallConn()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := c.Control(func(f uintptr) { fd = int(f) }); err != nil {
		w.t.Fatal(err)
	}
	return fd
}

// A call that waits when the supervisor dies is not left waiting, nor let through.
func TestSupervisorDiesInACall(t *testing.T) {
	w := open(t)
	expect, say := w.talk(w.mode("waits"))
	expect(t, "0", "ENETUNREACH")
	w.stop()
	say(t, "again")
	w.waiting()
	if err := w.process.Kill(); err != nil {
		t.Fatal(err)
	}
	expect(t, "ENOSYS", "ENOSYS", "socket: ENOSYS")
	w.undirected()
}

// A supervisor whose program dies in a call goes with it, and finds that no failure.
func TestProgramDiesInACall(t *testing.T) {
	w := open(t)
	p := w.mode("waits")
	expect, say := w.talk(p)
	expect(t, "0", "ENETUNREACH")
	w.stop()
	say(t, "again")
	w.waiting()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	if err := w.process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if code := <-w.gone; code != 0 {
		t.Errorf("the supervisor ended with %d", code)
	}
}

// stop stops the supervisor.
func (w *world) stop() {
	w.t.Helper()
	if err := w.process.Signal(unix.SIGSTOP); err != nil {
		w.t.Fatal(err)
	}
	w.until("the supervisor is stopped", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.process.Pid))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
}

// waiting waits until a thread of the program is in connect(2).
func (w *world) waiting() {
	w.t.Helper()
	w.until("a thread is in connect", func() bool {
		all, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", w.program.Process.Pid))
		return slices.ContainsFunc(all, func(file string) bool {
			call, err := os.ReadFile(file)
			return err == nil && strings.HasPrefix(string(call), fmt.Sprint(unix.SYS_CONNECT, " "))
		})
	})
}

// until waits for what has to become true.
func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("still not: %s", what)
		}
	}
}

// Nothing tells the supervisor of sockets that are closed without having been connected.
func TestAbandonedSockets(t *testing.T) {
	w := open(t)
	expect, say := w.talk(w.mode("waits"))
	expect(t, "0", "ENETUNREACH")
	say(t, fmt.Sprintf("abandon %d", 10*firstSweep))
	// These were made before all of those.
	expect(t, "0", "ENETUNREACH")
	if found := descriptors(t, w.process.Pid); found > 2*firstSweep {
		t.Errorf("the supervisor has %d descriptors, at most %d sockets are there before it looks", found, firstSweep)
	}
}
