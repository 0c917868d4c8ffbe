//go:build linux

package gatewayns_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/gatewayns"
)

// sandbox is a network namespace in the place of a sandbox's, with a thread in it.
type sandbox struct {
	work chan func()
	ns   *os.File
}

func newSandbox(t *testing.T) sandbox {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("CAP_SYS_ADMIN and CAP_NET_ADMIN are missing: a network namespace takes root")
	}
	s := sandbox{work: make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			made <- err
			return
		}
		var err error
		s.ns, err = os.Open("/proc/thread-self/ns/net")
		made <- err
		for do := range s.work {
			do()
		}
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(s.work); s.ns.Close() })
	return s
}

func (s sandbox) do(what func() error) error {
	done := make(chan error)
	s.work <- func() { done <- what() }
	return <-done
}

// dial connects from inside.
func (s sandbox) dial(to string) (c net.Conn, err error) {
	network := "tcp"
	if rest, ok := strings.CutPrefix(to, "udp "); ok {
		network, to = "udp", rest
	}
	err = s.do(func() (err error) {
		c, err = net.DialTimeout(network, to, 2*time.Second)
		return err
	})
	return c, err
}

// open makes a gateway's namespace that is connected to a sandbox.
func open(t *testing.T, s sandbox, hosts ...string) (*gatewayns.Namespace, *compiler.Gateway) {
	t.Helper()
	n := policy.Network{Mode: policy.NetworkEgress}
	for _, host := range hosts {
		n.Egress = append(n.Egress, policy.EgressEntry{Host: host, Port: 443})
	}
	gateway := compiler.GatewayOf(n)
	ns, err := gatewayns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ns.Close)
	if err := ns.Connect(s.ns, *gateway); err != nil {
		t.Fatal(err)
	}
	return ns, gateway
}

func listen(t *testing.T, ns *gatewayns.Namespace, at string) *net.TCPListener {
	t.Helper()
	l, err := ns.ListenTCP(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestConnections(t *testing.T) {
	s := newSandbox(t)
	ns, _ := open(t, s, "api.example.com", "203.0.113.9", "2001:db8::9")
	for _, at := range []string{"198.19.0.7:443", "198.19.255.255:53", "203.0.113.9:443", "[2001:db8::9]:443", "198.18.0.1:53"} {
		l := listen(t, ns, at)
		c, err := s.dial(at)
		if err != nil {
			t.Errorf("%s: %v", at, err)
			continue
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if far.LocalAddr().String() != at {
			t.Errorf("accepted at %s, expected %s", far.LocalAddr(), at)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "hello" {
			t.Errorf("%q, %v", got, err)
		}
		c.Close()
		far.Close()
	}
	for to, want := range map[string]error{
		"198.19.0.7:444":     unix.ECONNREFUSED, // a port without a listener
		"198.19.0.8:443":     unix.ECONNREFUSED, // an address without a name
		"198.18.0.1:443":     unix.ECONNREFUSED,
		"203.0.113.8:443":    unix.ENETUNREACH, // next to one of the policy
		"169.254.169.254:80": unix.ENETUNREACH,
		"[2001:db8::8]:443":  unix.ENETUNREACH,
		"[fe80::1%eth0]:443": unix.ENETUNREACH,
	} {
		if _, err := s.dial(to); !errors.Is(err, want) {
			t.Errorf("%s: %v, expected %v", to, err, want)
		}
	}
}

func TestPackets(t *testing.T) {
	s := newSandbox(t)
	ns, _ := open(t, s, "api.example.com", "2001:db8::9")
	packets, err := ns.Packets()
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	l := listen(t, ns, "198.19.0.7:443")
	c, err := s.dial("198.19.0.7:443")
	if err != nil {
		t.Fatal(err)
	}
	far, _ := l.Accept()
	_, _ = c.Write([]byte("payload"))
	_, _ = far.Write([]byte("payload"))
	_, _ = s.dial("198.19.0.9:444")
	_, _ = s.dial("[2001:db8::9]:445")
	u, err := s.dial("udp 198.19.0.7:443")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = u.Write([]byte("datagram"))
	var seen []string
	for range 4 {
		buf := make([]byte, 2000)
		_ = packets.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := packets.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", seen, err)
		}
		if n > 80 {
			t.Errorf("%d bytes of a packet", n)
		}
		p := buf[:n]
		switch {
		case p[0]>>4 == 4 && p[9] == unix.IPPROTO_TCP:
			seen = append(seen, netip.AddrFrom4([4]byte(p[16:20])).String()+" tcp")
		case p[0]>>4 == 4 && p[9] == unix.IPPROTO_UDP:
			seen = append(seen, netip.AddrFrom4([4]byte(p[16:20])).String()+" udp")
		case p[0]>>4 == 6 && p[6] == unix.IPPROTO_TCP:
			seen = append(seen, netip.AddrFrom16([16]byte(p[24:40])).String()+" tcp")
		default:
			seen = append(seen, "other")
		}
	}
	t.Logf("%q", seen)
}
