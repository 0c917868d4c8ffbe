//go:build linux

package notify

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// talks fails a test if what is said at one end of a connection is not heard at the other.
func talks(t *testing.T, fd int, conn *net.TCPConn) {
	t.Helper()
	defer conn.Close()
	if _, err := unix.Write(fd, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 5)
	if n, err := conn.Read(heard); err != nil || string(heard[:n]) != "hello" {
		t.Errorf("heard %q, %v", heard[:n], err)
	}
}

func TestJoin(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	for name, tt := range map[string]struct {
		kind kind
		to   netip.Addr
		peer string
	}{
		"IPv4":   {kind{}, four, "127.0.0.1"},
		"IPv6":   {kind{six: true}, six, "::1"},
		"mapped": {kind{six: true}, netip.AddrFrom16(four.As16()), "127.0.0.1"},
	} {
		for _, flags := range []int{0, unix.SOCK_NONBLOCK} {
			family := unix.AF_INET
			if tt.kind.six {
				family = unix.AF_INET6
			}
			fd := opened(t, family, unix.SOCK_STREAM|flags, 0)
			conn, err := join(t.Context(), fd, tt.kind, tt.to)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_, peer, err := ends(fd)
			if err != nil || peer.Addr().String() != tt.peer {
				t.Errorf("%s: connected to %s, %v", name, peer, err)
			}
			if flags == 0 {
				talks(t, fd, conn)
			}
			// It is connected for good: the kernel says so, and not that it is about to be.
			again := peer.Addr()
			if tt.kind.six {
				again = netip.AddrFrom16(again.As16())
			}
			if err := unix.Connect(fd, sockaddr(again, peer.Port())); !errors.Is(err, unix.EISCONN) {
				t.Errorf("%s: again: %v", name, err)
			}
			_ = conn.Close()
		}
	}
}

// Whoever is on the host can connect to a port of loopback, before the program does or
// after it.
func TestStrangers(t *testing.T) {
	l, form, err := listenFor(kind{}, netip.MustParseAddr("192.0.2.7"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	var strangers []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		strangers = append(strangers, c)
	}
	fd := opened(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	conn, err := meet(t.Context(), fd, l, sockaddr(form, at.Port()), at)
	if err != nil {
		t.Fatal(err)
	}
	talks(t, fd, conn)
	for _, c := range strangers {
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Error("a stranger is connected")
		}
	}
}

// A socket that another thread has connected meanwhile is not this call's, nor touched.
func TestConnectedElsewhere(t *testing.T) {
	other, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	fd := opened(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	to := other.Addr().(*net.TCPAddr).AddrPort()
	if err := unix.Connect(fd, sockaddr(to.Addr(), to.Port())); err != nil {
		t.Fatal(err)
	}
	if _, err := join(t.Context(), fd, kind{}, netip.MustParseAddr("192.0.2.7")); !errors.Is(err, unix.EISCONN) {
		t.Errorf("joined: %v", err)
	}
	if _, peer, err := ends(fd); err != nil || peer != to {
		t.Errorf("connected to %s, %v; expected %s", peer, err, to)
	}
}

// A program can keep back the packets of its own socket. The call ends all the same, and
// the socket can be connected later.
func TestJoinEnds(t *testing.T) {
	for _, flags := range []int{0, unix.SOCK_NONBLOCK} {
		fd := opened(t, unix.AF_INET, unix.SOCK_STREAM|flags, 0)
		drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
		program := &unix.SockFprog{Len: 1, Filter: &drop[0]}
		if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := join(ctx, fd, kind{}, netip.MustParseAddr("192.0.2.7"))
			ended <- err
		}()
		const synSent = 2 // of tcp_states.h
		for info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); info.State != synSent; {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
			info, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		}
		cancel()
		if err := <-ended; !errors.Is(err, unix.ETIMEDOUT) {
			t.Errorf("ended with %v", err)
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0); err != nil {
			t.Fatal(err)
		}
		conn, err := join(t.Context(), fd, kind{}, netip.MustParseAddr("192.0.2.7"))
		if err != nil {
			t.Fatalf("later: %v", err)
		}
		_ = conn.Close()
	}
}

// Containers often have no address of IPv6, not even on loopback.
func TestJoinWithoutIPv6(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("an address is taken away, which takes root")
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	address, err := netlink.ParseAddr("::1/128")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrDel(lo, address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := netlink.AddrAdd(lo, address); err != nil {
			t.Fatal(err)
		}
	})
	to := netip.MustParseAddr("2001:db8::7")
	fd := opened(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
	conn, err := join(t.Context(), fd, kind{six: true}, to)
	if err != nil {
		t.Fatal(err)
	}
	talks(t, fd, conn)
	only := opened(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
	if _, err := join(t.Context(), only, kind{six: true, only: true}, to); !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("IPv6 only: %v", err)
	}
}
