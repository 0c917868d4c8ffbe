//go:build linux

package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A sandbox without UDP asks by TCP, and its gateway is told of what makes no packets.
func TestWithoutUDP(t *testing.T) {
	w := open(t, network(), func(c *Config) { c.Opener.(*world).noUDP = true })
	if m := w.askTCP(question(1, "api.example.com", dnsmessage.TypeA)); len(m.Answers) != 1 {
		t.Fatalf("no answer by TCP: %s", m.GoString())
	}
	if w.place(netip.AddrPortFrom(nameserver.Addr(), 0)) != nil {
		t.Error("a socket for datagrams is open")
	}
}

// An address that the program has from a hosts file is told with its name, if the policy names
// that, and with no other.
func TestAttemptByAlias(t *testing.T) {
	other := netip.MustParseAddr("203.0.113.67")
	w := open(t, network(), func(c *Config) {
		c.Aliases = map[netip.Addr][]string{
			netip.MustParseAddr("203.0.113.66"): {"printer.lan", "a\x1bb.example.com", "api.example.com"},
			other:                               {"printer.lan"},
		}
	})
	for _, to := range []string{"203.0.113.66:443", "[::ffff:203.0.113.66]:444", "203.0.113.66:22", "203.0.113.67:443"} {
		w.Attempt(netip.MustParseAddrPort(to))
	}
	w.Close()
	var told []string
	for _, e := range w.denied() {
		told = append(told, fmt.Sprintf("%s %d %q", e.Host, e.Port, e.Alias))
	}
	want := []string{
		`203.0.113.66 443 "api.example.com"`, `::ffff:203.0.113.66 444 "api.example.com"`, `203.0.113.66 22 ""`, `203.0.113.67 443 ""`,
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, expected %q", told, want)
	}
}

func TestAttempt(t *testing.T) {
	w := open(t, network())
	m := w.ask(question(1, "api.example.com", dnsmessage.TypeA))
	address := netip.AddrFrom4(m.Answers[0].Body.(*dnsmessage.AResource).A)
	for _, to := range []netip.AddrPort{
		netip.AddrPortFrom(address, 22), netip.MustParseAddrPort("203.0.113.66:443"), netip.MustParseAddrPort("[2001:db8::7]:443"),
		// These are listened at.
		nameserver, netip.AddrPortFrom(address, port), netip.MustParseAddrPort("192.0.2.7:8443"),
	} {
		w.Attempt(to)
	}
	w.Close()
	var told []string
	for _, e := range w.denied() {
		told = append(told, fmt.Sprintf("%s %s %s %d %s: %s", e.Kind, e.Verdict, e.Host, e.Port, e.At, e.Because))
	}
	want := []string{
		"packet denied api.example.com 22 p.toml:2:1: egress names it with ports 443, 444 and 8443",
		"packet denied 203.0.113.66 443 p.toml:2:1: not in egress",
		"packet denied 2001:db8::7 443 p.toml:2:1: egress names it with port 8443",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, expected %q", told, want)
	}
}
