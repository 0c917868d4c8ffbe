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
