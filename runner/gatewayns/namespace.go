//go:build linux

// Package gatewayns makes the network namespace in which a gateway listens, and the one
// link between it and a sandbox. It has no way out: it forwards nothing, and has no route
// but to the sandbox. Nothing of it has a name on the host, and all of it is gone with
// the process that made it, however that ended: network_namespaces(7).
package gatewayns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace with a thread of this process in it.
type Namespace struct {
	work chan func()
	over chan struct{}
}

// New makes a namespace. It takes CAP_SYS_ADMIN, in the user namespace of the process.
func New() (*Namespace, error) {
	n := &Namespace{work: make(chan func()), over: make(chan struct{})}
	made := make(chan error)
	go n.enter(made)
	if err := <-made; err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return n, nil
}

// NewSandbox makes a network namespace for a sandbox, with nothing in it. It takes
// CAP_SYS_ADMIN.
func NewSandbox() (*os.File, error) {
	n, err := New()
	if err != nil {
		return nil, err
	}
	defer n.Close()
	var inside *os.File
	err = n.do(func() (err error) {
		inside, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take hold of the sandbox's network namespace: %w", err)
	}
	return inside, nil
}

// enter takes a thread other than the main one, which cannot end before the process and
// whose namespaces /proc/PID/ns shows.
func (n *Namespace) enter(made chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		n.live(made)
		return
	}
	locked := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(locked)
		n.live(made)
	}()
	<-locked // until then this one holds the main thread
	runtime.UnlockOSThread()
}

// live is the thread's life. It is never unlocked, so that it ends with the goroutine and
// nothing else runs in the namespace.
func (n *Namespace) live(made chan<- error) {
	defer close(n.over)
	err := unix.Unshare(unix.CLONE_NEWNET)
	if err == nil {
		err = loopbackUp()
	}
	made <- err
	if err != nil {
		return
	}
	for do := range n.work {
		do()
	}
}

// Close ends the thread. The namespace goes with the last of its sockets.
func (n *Namespace) Close() {
	close(n.work)
	<-n.over
}

// do runs a function in the namespace.
func (n *Namespace) do(what func() error) error {
	done := make(chan error, 1)
	n.work <- func() { done <- what() }
	return <-done
}

// IgnoreEcho makes the namespace answer no ping: a guest's kernel lets anybody send one.
// It takes a /proc that can be written.
func (n *Namespace) IgnoreEcho() error {
	return n.do(func() error {
		for _, file := range []string{"/proc/sys/net/ipv4/icmp_echo_ignore_all", "/proc/sys/net/ipv6/icmp/echo_ignore_all"} {
			if err := os.WriteFile(file, []byte("1"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("answer no ping: %w", err)
			}
		}
		return nil
	})
}

// ListenTCP opens a listening socket in the namespace.
func (n *Namespace) ListenTCP(at netip.AddrPort) (*net.TCPListener, error) {
	var l *net.TCPListener
	err := n.do(func() (err error) {
		l, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		return err
	})
	return l, err
}

// ListenUDP opens a socket for datagrams in the namespace.
func (n *Namespace) ListenUDP(at netip.AddrPort) (*net.UDPConn, error) {
	var c *net.UDPConn
	err := n.do(func() (err error) {
		c, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		return err
	})
	return c, err
}

// Packets opens a socket that gives a copy of every packet from the sandbox, from the IP
// header on, that begins a TCP connection or is no TCP. It takes CAP_NET_RAW.
func (n *Namespace) Packets() (*os.File, error) {
	var f *os.File
	err := n.do(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("open a packet socket: %w", err)
		}
		if err = listenForPackets(fd); err != nil {
			_ = unix.Close(fd)
			return err
		}
		f = os.NewFile(uintptr(fd), "packets")
		return nil
	})
	return f, err
}

// listenForPackets binds a packet socket to the link, with the filter in place before the
// first packet can come.
func listenForPackets(fd int) error {
	program := unix.SockFprog{Len: uint16(len(beginnings)), Filter: &beginnings[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
		return fmt.Errorf("filter packets: %w", err)
	}
	link, err := net.InterfaceByName(gatewayLink)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: link.Index}); err != nil {
		return fmt.Errorf("bind a packet socket: %w", err)
	}
	return nil
}

func networkOrder(v uint16) uint16 { return v<<8 | v>>8 }

// Of takes hold of the network namespace of a process.
func Of(pid int) (*os.File, error) {
	return os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
}
