//go:build linux

package integration

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

const networkSource = "runsc/sandbox/network.go"

// interfaces is a program that lists the network interfaces, and whether there is an
// address to the one that a test makes.
const interfaces = `import socket
names = sorted(name for _, name in socket.if_nameindex())
try:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("10.200.1.1", 9)); names.append(s.getsockname()[0])
except OSError: pass
print(*names)`

// networked replaces --network. Without a namespace there is no entry for one.
func (b *runscBundle) networked(mode string, namespaces ...specs.LinuxNamespace) *runscBundle {
	for i, flag := range b.flags {
		if strings.HasPrefix(flag, "--network=") {
			b.flags[i] = "--network=" + mode
		}
	}
	b.Linux.Namespaces = namespaces
	return b
}

// TestTrapRunscNetworks: --network decides, and an entry of linux.namespaces says what it is about.
// host without an entry is the network of the machine; sandbox without a path is no
// network, not even a loopback interface.
func TestTrapRunscNetworks(t *testing.T) {
	access := "connect " + listener(t, "127.0.0.1")
	own := specs.LinuxNamespace{Type: specs.NetworkNamespace}
	for _, c := range []struct {
		mode       string
		namespaces []specs.LinuxNamespace
		loopback   bool
		want       string
		trap       bool
	}{
		{"none", nil, true, "ECONNREFUSED", false},
		{"none", []specs.LinuxNamespace{own}, true, "ECONNREFUSED", false},
		{"sandbox", nil, false, "ENETUNREACH", true},
		{"sandbox", []specs.LinuxNamespace{own}, false, "ENETUNREACH", true},
		{"host", nil, true, "ok", true},
		{"host", []specs.LinuxNamespace{own}, true, "ENETUNREACH", false},
	} {
		b := newRunscBundle(t).networked(c.mode, c.namespaces...)
		got := b.try(t, access)[access]
		b.Process.Args = []string{"/usr/bin/python3", "-c", interfaces}
		names := strings.Fields(b.output(t))
		loopback, others := false, 0
		for _, name := range names {
			if name == "lo" {
				loopback = true
			} else {
				others++
			}
		}
		where := fmt.Sprintf("--network=%s with namespaces %v", c.mode, c.namespaces)
		if c.trap {
			runscTrap(t, fmt.Sprint(got, loopback), fmt.Sprint(c.want, c.loopback), "gives "+where+" another network", networkSource)
		} else {
			runscControl(t, fmt.Sprint(got, loopback), fmt.Sprint(c.want, c.loopback), where)
		}
		if c.mode != "host" {
			runscControl(t, others, 0, where+": interfaces that are not loopback")
		}
	}
}

// networkNamespace is the path of one with a pair of interfaces, whose end comes with the
// test's.
func networkNamespace(t *testing.T) string {
	t.Helper()
	const script = `set -e
ip link set lo up
ip link add inside type veth peer name outside
ip addr add 10.200.1.2/24 dev inside
ip link set inside up
ip link set outside up
echo $$
read -r end`
	holder := exec.Command("/usr/bin/unshare", "--net", "--", "/usr/bin/sh", "-c", script)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = holder.Wait()
	})
	pid, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "/proc/" + strings.TrimSpace(pid) + "/ns/net"
}

// TestTrapRunscNetworkIsTakenOnce: runsc takes the addresses of a network namespace into the
// sandbox, and the next sandbox in it has none, without a word.
func TestTrapRunscNetworkIsTakenOnce(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/python3", "-c", interfaces)
	b.networked("sandbox", specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: networkNamespace(t)})
	runscControl(t, b.output(t), "inside lo outside 10.200.1.2", "the first sandbox in a namespace")
	runscTrap(t, b.output(t), "lo", "leaves a namespace its addresses", networkSource)
}

// TestTrapRunscSocketsOfTheHost: a socket in a directory that is mounted takes --host-uds, an
// abstract one cannot be had though --network=host takes the namespace, and a named pipe not at all
// without --host-fifo.
func TestTrapRunscSocketsOfTheHost(t *testing.T) {
	const socket = "unix /shown/socket"
	// A named pipe opens for reading and writing at once without a partner.
	const fifo = `import errno, os, sys
try: os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK); print("ok")
except OSError as e: print(errno.errorcode[e.errno])`
	name := "confine-trap-" + filepath.Base(tree(t))
	l, err := net.Listen("unix", "@"+name)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	abstract := "abstract " + name

	b := newRunscBundle(t).networked("host")
	dir := b.shown(t)
	listenUnix(t, filepath.Join(dir, "socket"))
	pipe := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	chown(t, pipe, 1000, 1000)
	b.bind(dir, "/shown")

	got := b.try(t, socket, abstract)
	runscTrap(t, got[socket], "ECONNREFUSED", "connects to sockets without --host-uds", "runsc/fsgofer/lisafs.go")
	runscTrap(t, got[abstract], "ECONNREFUSED", "connects to abstract sockets with --network=host", "pkg/sentry/socket/unix/unix.go")
	b.flags = append(b.flags, "--host-uds=open")
	got = b.try(t, socket, abstract)
	runscControl(t, got[socket]+" "+got[abstract], "ok ECONNREFUSED", "--host-uds=open")
	outside := answers(t, finish(t, exec.Command(probe, "unix "+filepath.Join(dir, "socket"), abstract)).must(t, 0).stdout)
	runscControl(t, outside[abstract], "ok", "an abstract socket on the host")

	b.Process.Args = []string{"/usr/bin/python3", "-c", fifo, "/shown/fifo"}
	runscTrap(t, b.output(t), "EPERM", "opens named pipes without --host-fifo", "runsc/fsgofer/lisafs.go")
	o := finish(t, exec.Command("/usr/bin/python3", "-c", fifo, pipe)).must(t, 0)
	runscControl(t, o.stdout, "ok\n", "a named pipe on the host")
}
