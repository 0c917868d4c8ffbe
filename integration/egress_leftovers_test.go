//go:build linux

package integration

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"confine/compiler"
)

// endLimit bounds the wait until what was made is gone.
const endLimit = 20 * time.Second

// begun is a run in the namespaces of a test, whose program said that it is there and
// waits for the end of its input.
type begun struct {
	started
	input io.Closer
}

// launchWaiting starts a script that begins when the input ends.
func (w *internet) launchWaiting(t *testing.T, cmd *exec.Cmd) begun {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.within(t, cmd.Start)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return begun{started{Cmd: cmd, lines: bufio.NewReader(stdout)}, input}
}

// ready waits until the program said that it is there.
func (b begun) ready(t *testing.T, number int) {
	t.Helper()
	if line, err := b.lines.ReadString('\n'); err != nil || line != "ready\n" {
		_ = b.Wait()
		t.Fatalf("run %d, %v: %v: %q\n%s", number, b.Args, err, line, b.Stderr)
	}
}

// waits is a shell's program that says that it is there.
func waits(then string) []string {
	return []string{"/usr/bin/sh", "-c", "echo ready; read -r line; " + then}
}

// namespaceOf is a network namespace: its number in /proc, which another may have later,
// and its cookie, which none has.
type namespaceOf struct {
	link   string
	cookie uint64
}

// cookieAt gives the cookie of the network namespace of a file in /proc.
func cookieAt(path string) (cookie uint64, err error) {
	aside(func() {
		var fd, s int
		if fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(fd)
		if err = unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
			return
		}
		if s, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(s)
		cookie, err = unix.GetsockoptUint64(s, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	})
	return cookie, err
}

// networksOf are the files in /proc by which a process holds network namespaces, and what
// they are.
func networksOf(pid int) map[string]string {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	paths := []string{filepath.Join(dir, "ns/net")}
	open, _ := filepath.Glob(filepath.Join(dir, "fd/*"))
	held := map[string]string{}
	for _, path := range append(paths, open...) {
		if link, err := os.Readlink(path); err == nil && strings.HasPrefix(link, "net:[") {
			held[path] = link
		}
	}
	return held
}

// namespacesOf are the network namespaces that a run made: those that its processes are in
// or have open, but for the two that were there before.
func (w *internet) namespacesOf(t *testing.T, family map[int]string) []namespaceOf {
	t.Helper()
	var before []uint64
	own, err := cookieAt("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	w.within(t, func() error {
		s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(s)
		cookie, err := unix.GetsockoptUint64(s, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
		before = []uint64{own, cookie}
		return err
	})
	var made []namespaceOf
	for pid := range family {
		for path, link := range networksOf(pid) {
			cookie, err := cookieAt(path)
			if errors.Is(err, os.ErrNotExist) {
				continue // the process ended
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if n := (namespaceOf{link, cookie}); !slices.Contains(before, cookie) && !slices.Contains(made, n) {
				made = append(made, n)
			}
		}
	}
	return made
}

// unmade waits until no process is in a namespace or has it open, and no file system
// has it mounted.
func unmade(t *testing.T, namespaces []namespaceOf) {
	t.Helper()
	deadline := time.Now().Add(endLimit)
	for {
		var left []string
		_, alive := processes(t)
		for pid, name := range alive {
			for path, link := range networksOf(pid) {
				for _, n := range namespaces {
					if n.link != link {
						continue
					}
					if cookie, err := cookieAt(path); err == nil && cookie == n.cookie {
						left = append(left, path+" "+link+" "+name)
					}
				}
			}
		}
		mounts := readText(t, "/proc/self/mountinfo")
		for _, n := range namespaces {
			if strings.Contains(mounts, n.link) {
				left = append(left, n.link+" is mounted")
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("network namespaces are still there after %s:\n%s", endLimit, strings.Join(left, "\n"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// links are the network interfaces of the machine and of the namespaces of a test.
func (w *internet) links(t *testing.T) string {
	t.Helper()
	var names []string
	list := func() error {
		all, err := netlink.LinkList()
		for _, link := range all {
			names = append(names, link.Attrs().Name)
		}
		return err
	}
	if err := list(); err != nil {
		t.Fatal(err)
	}
	w.within(t, list)
	return strings.Join(names, " ")
}

// TestEgressLeavesNothing: however a run ends, its processes, network namespaces and
// interfaces end with it.
func TestEgressLeavesNothing(t *testing.T) {
	w := newInternet(t)
	policy := egressPolicy(t, `egress = ["api.vendor.test:7000"]`)
	machine := w.links(t)
	guard := func(t *testing.T, b begun, family map[int]string) {
		for pid, name := range family {
			if strings.Contains(name, "__guard") {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
		t.Fatalf("no guard in %v", family)
	}
	for _, l := range egressLaunches {
		for name, end := range map[string]func(*testing.T, begun, map[int]string){
			"by itself":     func(t *testing.T, b begun, _ map[int]string) { _ = b.input.Close() },
			"SIGTERM":       func(t *testing.T, b begun, _ map[int]string) { _ = b.Process.Signal(syscall.SIGTERM) },
			"killed runner": func(t *testing.T, b begun, _ map[int]string) { _ = b.Process.Kill() },
			"killed guard":  guard,
		} {
			t.Run(l.name+"/"+name, func(t *testing.T) {
				// The program has a connection open, through the gateway, when it ends.
				program := []string{
					"/usr/bin/python3.11", "-c",
					"import socket, sys\ns = socket.create_connection(('api.vendor.test', 7000))\ns.sendall(b'x')\ns.recv(1)\nprint('ready', flush=True)\nsys.stdin.read()\n",
				}
				b := w.launchWaiting(t, l.cmd(policy, program...))
				if line := b.line(t); line != "ready" {
					t.Fatalf("the program said %q", line)
				}
				family := b.family(t)
				made := w.namespacesOf(t, family)
				if len(made) == 0 != (backendOf(l) == compiler.Native) {
					t.Fatalf("control: %v, of which %d network namespaces are the run's", family, len(made))
				}
				end(t, b, family)
				_ = b.Wait()
				gone(t, family, endLimit)
				unmade(t, made)
				if now := w.links(t); now != machine {
					t.Errorf("interfaces %s, %s before", now, machine)
				}
			})
		}
		t.Run(l.name+"/refused", func(t *testing.T) {
			b := w.launchWaiting(t, with(l.cmd(policy, "/usr/bin/true"), "--egress-log", filepath.Join(tree(t), "missing", "log")))
			_ = b.Wait()
			if code := b.ProcessState.ExitCode(); code != refused {
				t.Errorf("exit code %d, expected %d", code, refused)
			}
			if now := w.links(t); now != machine {
				t.Errorf("interfaces %s, %s before", now, machine)
			}
		})
		t.Run(l.name+"/no such program", func(t *testing.T) {
			w.finish(t, l.cmd(policy, "/usr/bin/confine-no-such-program")).must(t, 127)
			if now := w.links(t); now != machine {
				t.Errorf("interfaces %s, %s before", now, machine)
			}
		})
	}
}

// TestEgressManyAtOnce: many runs live at the same time, each with a network, a gateway and
// names of its own.
func TestEgressManyAtOnce(t *testing.T) {
	const many = 200
	w := newInternet(t)
	machine := w.links(t)
	for i := range many {
		w.resolver.set(fmt.Sprintf("r%d.many.test", i), []string{apiAddress})
	}
	policy := egressPolicy(t, `egress = ["${me}.many.test:7000"]`, "[params.me]\ntype = \"label\"\npattern = \"r[0-9]+\"\n")
	// More launches at the same moment than this, and two processors do not get to all of
	// them within the time limits of a launch, whatever the network.
	const atOnce = 16
	var all []begun
	var logs []string
	for i := range many {
		l := egressLaunches[i%len(egressLaunches)]
		own, other := fmt.Sprintf("r%d.many.test", i), fmt.Sprintf("r%d.many.test", (i+1)%many)
		cmd := l.cmd(policy, waits(fmt.Sprintf("exec '%s' 'exchange %s:7000' 'resolve %s' 'exchange %s:7000'", probe, own, other, other))...)
		cmd.Stderr = new(strings.Builder)
		if i >= atOnce {
			all[i-atOnce].ready(t, i-atOnce)
		}
		log := owner(t, filepath.Join(tree(t), "egress.jsonl"), l)
		logs = append(logs, log)
		all = append(all, w.launchWaiting(t, with(cmd, "--param", fmt.Sprintf("me=r%d", i), "--egress-log", log)))
	}
	for i := many - atOnce; i < many; i++ {
		all[i].ready(t, i)
	}
	family := map[int]string{}
	// Now all of them are there.
	parents, names := processes(t)
	for pid := range names {
		for p := pid; p > 1; p = parents[p] {
			if slices.ContainsFunc(all, func(b begun) bool { return b.Process.Pid == p }) {
				family[pid] = names[pid]
			}
		}
	}
	made := w.namespacesOf(t, family)
	apart := 0
	for i := range many {
		if backendOf(egressLaunches[i%len(egressLaunches)]) != compiler.Native {
			apart++
		}
	}
	if len(made) < apart {
		t.Errorf("%d network namespaces, expected one of each of %d runs at least", len(made), apart)
	}
	// Each of them now uses its own network while all of them are alive. They take turns, as
	// they did to start: a gateway that no processor gets to for ten seconds says, and rightly,
	// that the host did not answer.
	turns := make(chan struct{}, atOnce)
	var wait sync.WaitGroup
	for i, b := range all {
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			_ = b.input.Close()
			stdout, err := io.ReadAll(b.lines)
			if failed := b.Wait(); err != nil || failed != nil {
				t.Errorf("run %d: %v %v: %s%s", i, err, failed, stdout, b.Stderr)
				return
			}
			want := []string{"ok", "", ""}
			for j, got := range answerList(t, string(stdout)) {
				if ok := got == "ok"; ok != (want[j] == "ok") {
					t.Errorf("run %d: attempt %d: %s\n%s%s", i, j, got, b.Stderr, readText(t, logs[i]))
				}
			}
		})
	}
	wait.Wait()
	gone(t, family, endLimit)
	unmade(t, made)
	if now := w.links(t); now != machine {
		t.Errorf("interfaces %s, %s before", now, machine)
	}
	if n := w.visits.count(apiAddress); n != many {
		t.Errorf("%d connections came, expected one of each run", n)
	}
}
