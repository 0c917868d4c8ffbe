//go:build linux

package egress

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"confine/runner/gatewayns"
)

// The main thread is not for goroutines, see [gatewayns.New].
func init() { runtime.LockOSThread() }

// inside gives a function that runs others in a network namespace that is connected to that
// of a gateway.
func inside(t *testing.T, ns *os.File) func(func()) {
	t.Helper()
	work, entered, done := make(chan func()), make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		entered <- unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		for do := range work {
			do()
			done <- struct{}{}
		}
	}()
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(work) })
	return func(do func()) {
		work <- do
		<-done
	}
}

// The gateway as a sandbox meets it: what is not in the policy is refused by the kernel, and
// told all the same.
func TestInNamespaces(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("CAP_SYS_ADMIN and CAP_NET_ADMIN are missing: a network namespace takes root")
	}
	sandbox, err := gatewayns.NewSandbox()
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.Close()
	ns, err := gatewayns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ns.Close)
	do := inside(t, sandbox)
	w := open(t, network(), func(c *Config) {
		if err := ns.Connect(sandbox, c.Gateway); err != nil {
			t.Fatal(err)
		}
		if c.Packets, err = ns.Packets(); err != nil {
			t.Fatal(err)
		}
		c.Opener = OpenerOf(ns)
	})
	var address string
	do(func() {
		c, err := net.Dial("udp", nameserver.String())
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		buf := make([]byte, 512)
		for _, name := range []string{"evil.example", "api.example.com"} {
			_, _ = c.Write(question(1, name, 1))
			n, err := c.Read(buf)
			if err != nil {
				t.Error(err)
				return
			}
			m := parsed(t, buf[:n])
			if name == "api.example.com" && len(m.Answers) == 1 {
				address = netip.AddrFrom4(m.Answers[0].Body.(*dnsmessage.AResource).A).String()
			}
		}
	})
	do(func() {
		for _, to := range []string{net.JoinHostPort(address, "8443"), "192.0.2.7:8443", "[2001:db8::7]:8443"} {
			c, err := net.DialTimeout("tcp", to, patience)
			if err != nil {
				t.Errorf("%s: %v", to, err)
				continue
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			server := w.accepted()
			say(t, c, "question")
			hear(t, server, "question")
			say(t, server, "answer")
			hear(t, c, "answer")
			c.Close()
			server.Close()
		}
		for to, want := range map[string]error{
			net.JoinHostPort(address, "22"): unix.ECONNREFUSED,
			"198.19.77.7:8443":              unix.ECONNREFUSED,
			"198.18.0.1:22":                 unix.ECONNREFUSED,
			"[2001:db8::7]:443":             unix.ECONNREFUSED,
			"169.254.169.254:80":            unix.ENETUNREACH,
		} {
			if _, err := net.DialTimeout("tcp", to, patience); !errors.Is(err, want) {
				t.Errorf("%s: %v, expected %v", to, err, want)
			}
		}
		if c, err := net.Dial("udp", net.JoinHostPort(address, "443")); err == nil {
			_, _ = c.Write([]byte("datagram"))
			c.Close()
		}
	})
	w.ended(3)
	told := func(host string, port uint16, protocol string) func(Event) bool {
		return func(e Event) bool {
			return e.Kind == KindPacket && e.Verdict == Denied && e.Host == host && e.Port == port && e.Protocol == protocol
		}
	}
	w.find("the port of a name", told("api.example.com", 22, ""))
	w.find("an address of no name", told("198.19.77.7", 8443, ""))
	w.find("the gateway's port", told("198.18.0.1", 22, ""))
	w.find("the port of an address", told("2001:db8::7", 443, ""))
	w.find("UDP", told("api.example.com", 443, "udp"))
	w.Close()
	denied := 0
	for _, e := range w.log.events(t) {
		if e.Kind == KindPacket {
			denied++
		}
	}
	if denied != 5 || slices.ContainsFunc(w.denied(), func(e Event) bool { return e.Protocol == "icmp" }) {
		t.Errorf("%d denials of packets: %+v", denied, w.denied())
	}
}
