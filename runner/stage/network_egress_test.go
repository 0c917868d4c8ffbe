//go:build linux

package stage

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/gatewayns"
)

// egressWorld is a network namespace in the place of a sandbox's, connected to a gateway
// whose name server is the test's.
type egressWorld struct {
	expectation compiler.Expectation
	inside      *os.File
	namespace   *gatewayns.Namespace
}

func newEgressWorld(t *testing.T) egressWorld {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("CAP_SYS_ADMIN and CAP_NET_ADMIN are missing: a network namespace takes root")
	}
	n := policy.Network{Mode: policy.NetworkEgress, Egress: []policy.EgressEntry{
		{Host: "*.example.com", Port: 443}, {Host: "203.0.113.9", Port: 443}, {Host: "2001:db8::9", Port: 443},
	}}
	w := egressWorld{expectation: compiler.Expectation{
		Network: policy.NetworkEgress, Gateway: compiler.GatewayOf(n), Egress: n.Egress,
	}}
	var err error
	if w.inside, err = gatewayns.NewSandbox(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.inside.Close() })
	if w.namespace, err = gatewayns.New(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.namespace.Close)
	if err := w.namespace.Connect(w.inside, *w.expectation.Gateway); err != nil {
		t.Fatal(err)
	}
	return w
}

// serve answers look-ups; known says for which names there is an address.
func (w egressWorld) serve(t *testing.T, known func(name string) (netip.Addr, dnsmessage.RCode)) {
	t.Helper()
	conn, err := w.namespace.ListenUDP(netip.AddrPortFrom(w.expectation.Gateway.Nameserver(), dnsPort))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			address, code := known(strings.TrimSuffix(m.Questions[0].Name.String(), "."))
			m.Response, m.RCode = true, code
			if address.IsValid() {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: address.As4()},
				}}
			}
			data, _ := m.Pack()
			_, _ = conn.WriteTo(data, from)
		}
	}()
}

// within runs a function in the sandbox's place.
func (w egressWorld) within(t *testing.T, do func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		err := unix.Setns(int(w.inside.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// What has no answer here never gets one. A neighbour that is looked up again is so after a
// second, see arp(7).
func init() { connectTimeout = 3 * time.Second }

// check gives what does not hold.
func (w egressWorld) check(t *testing.T) (failed []string, all int) {
	t.Helper()
	w.within(t, func() error {
		for _, c := range checkGateway(w.expectation, Listeners{Host: "192.0.2.1:1"}, Controls{Reach: Reach{Host: true}}) {
			all++
			if c.Status != Proven && !strings.Contains(c.Subject, compiler.ResolverFile) {
				failed = append(failed, c.Subject+": "+c.Found)
			}
		}
		return nil
	})
	return failed, all
}

func good(name string) (netip.Addr, dnsmessage.RCode) {
	if strings.HasSuffix(name, ".example.com") {
		return netip.MustParseAddr("198.19.0.1"), dnsmessage.RCodeSuccess
	}
	return netip.Addr{}, dnsmessage.RCodeNameError
}

func TestGatewayIsProven(t *testing.T) {
	w := newEgressWorld(t)
	w.serve(t, good)
	if failed, all := w.check(t); len(failed) > 0 || all < 6 {
		t.Errorf("%d checks, of which failed %q", all, failed)
	}
}

func TestGatewayThatIsNot(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		known      func(string) (netip.Addr, dnsmessage.RCode)
		change     func(*testing.T, egressWorld) func() error
	}{
		{name: "knows every name", want: "look-up", known: func(string) (netip.Addr, dnsmessage.RCode) {
			return netip.MustParseAddr("198.19.0.1"), dnsmessage.RCodeSuccess
		}},
		{name: "empty answers", want: "look-up", known: func(name string) (netip.Addr, dnsmessage.RCode) {
			a, _ := good(name)
			return a, dnsmessage.RCodeSuccess
		}},
		{name: "knows no name", want: "look-up", known: func(string) (netip.Addr, dnsmessage.RCode) {
			return netip.Addr{}, dnsmessage.RCodeNameError
		}},
		{name: "the hosts' own addresses", want: "203.0.113.80", known: func(name string) (netip.Addr, dnsmessage.RCode) {
			a, code := good(name)
			if a.IsValid() {
				a = netip.MustParseAddr("203.0.113.80")
			}
			return a, code
		}},
		{name: "an open port", want: "gateway's ports: 1 of 4 open: 443", known: good, change: func(t *testing.T, w egressWorld) func() error {
			l, err := w.namespace.ListenTCP(netip.AddrPortFrom(w.expectation.Gateway.Nameserver(), 443))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			return nil
		}},
		{name: "a default route", want: "0.0.0.0/0 via 198.18.0.1", known: good, change: route("0.0.0.0/0", "198.18.0.1")},
		{name: "a default route of IPv6", want: "::/0 via fd6f:636f:6e66::1", known: good, change: route("::/0", "fd6f:636f:6e66::1")},
		{name: "another network", want: "routes: 10.0.0.0/8", known: good, change: route("10.0.0.0/8", "198.18.0.1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newEgressWorld(t)
			w.serve(t, tt.known)
			if tt.change != nil {
				if do := tt.change(t, w); do != nil {
					w.within(t, do)
				}
			}
			if failed, _ := w.check(t); len(failed) == 0 || !strings.Contains(strings.Join(failed, "\n"), tt.want) {
				t.Errorf("failed: %q, expected one with %q", failed, tt.want)
			}
		})
	}
}

func route(to, via string) func(*testing.T, egressWorld) func() error {
	return func(*testing.T, egressWorld) func() error {
		return func() error {
			link, err := netlink.LinkByName(compiler.GatewayInterface)
			if err != nil {
				return err
			}
			_, dst, err := net.ParseCIDR(to)
			if err != nil {
				return err
			}
			return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: dst, Gw: net.ParseIP(via)})
		}
	}
}

// A name server that says nothing is not one that knows no name.
func TestGatewayWithoutNameServer(t *testing.T) {
	w := newEgressWorld(t)
	if failed, _ := w.check(t); len(failed) == 0 || !strings.Contains(failed[0], "look-up") {
		t.Errorf("failed: %q", failed)
	}
}
