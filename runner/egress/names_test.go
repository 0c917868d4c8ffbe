//go:build linux

package egress

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"confine/compiler"
	"confine/policy"
)

// listener counts the open ones.
type listener struct{ open map[netip.AddrPort]bool }

func (l listener) listen(at netip.AddrPort, _ destination) (io.Closer, error) {
	if l.open[at] {
		return nil, fmt.Errorf("%s is open", at)
	}
	l.open[at] = true
	return closer(func() { delete(l.open, at) }), nil
}

type closer func()

func (c closer) Close() error { c(); return nil }

func table(prefix string, literals ...string) (*names, listener, *clock) {
	c := compiler.Gateway{Names: netip.MustParsePrefix(prefix)}
	for _, l := range literals {
		c.Literals = append(c.Literals, netip.MustParsePrefix(l))
	}
	l := listener{map[netip.AddrPort]bool{}}
	now := &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	return newNames(c, l.listen, now.Now), l, now
}

var entries = []policy.EgressEntry{entry("*.x", 1, 1), entry("a.x", 1, 2), entry("*.x", 2, 3)}

func TestAddressesAreGivenInTurn(t *testing.T) {
	n, open, _ := table("198.19.0.0/29", "198.19.0.3/32")
	var got []string
	for i := range 8 {
		a, err := n.lookup(fmt.Sprint(i), entries)
		if err != nil {
			if i != 6 {
				t.Errorf("name %d: %v", i, err)
			}
			break
		}
		got = append(got, a.String())
	}
	// The first of the network, and the policy's own address, are nobody's.
	want := []string{"198.19.0.1", "198.19.0.2", "198.19.0.4", "198.19.0.5", "198.19.0.6", "198.19.0.7"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("addresses %v, expected %v", got, want)
	}
	if len(open.open) != 2*len(want) {
		t.Errorf("%d listeners", len(open.open))
	}
	n.close()
	if len(open.open) != 0 {
		t.Errorf("open after the end: %v", open.open)
	}
	if _, err := n.lookup("0", entries); !errors.Is(err, errClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestForgetting(t *testing.T) {
	n, open, now := table("198.19.0.0/16")
	for i := range maxNames {
		if _, err := n.lookup(fmt.Sprint(i), entries); err != nil {
			t.Fatal(err)
		}
		now.pass(time.Millisecond)
	}
	n.byName["0"].connected.Add(1)
	if _, err := n.lookup("more", entries); !errors.Is(err, errNames) {
		t.Fatalf("%v while a client may keep every address", err)
	}
	now.pass(answerTTL)
	if _, err := n.lookup("1", entries); err != nil { // asked for again, so not the oldest
		t.Fatal(err)
	}
	a, err := n.lookup("more", entries)
	if err != nil {
		t.Fatal(err)
	}
	if a != netip.MustParseAddr("198.19.4.1") {
		t.Errorf("%s: an address that somebody had before", a)
	}
	for name, kept := range map[string]bool{"0": true, "1": true, "2": false, "3": true, "more": true} {
		if (n.byName[name] != nil) != kept {
			t.Errorf("name %s: kept is not %v", name, kept)
		}
	}
	forgotten := netip.MustParseAddrPort("198.19.0.3:1")
	if host, listens := n.host(forgotten); host != "" || listens || open.open[forgotten] {
		t.Errorf("%s still stands for %q", forgotten, host)
	}
	if host, listens := n.host(netip.AddrPortFrom(a, 2)); host != "more" || !listens {
		t.Errorf("%s stands for %q, listens %v", a, host, listens)
	}
	if _, listens := n.host(netip.AddrPortFrom(a, 3)); listens {
		t.Error("a port that the policy does not name listens")
	}
	if len(n.byName) != maxNames || len(n.byAddress) != maxNames || len(open.open) != 2*maxNames {
		t.Errorf("%d names, %d addresses, %d listeners", len(n.byName), len(n.byAddress), len(open.open))
	}
}

// A name of which one listener cannot be opened has none.
func TestHalfOpen(t *testing.T) {
	n, open, _ := table("198.19.0.0/16")
	open.open[netip.MustParseAddrPort("198.19.0.1:2")] = true
	if a, err := n.lookup("a", entries); err == nil {
		t.Errorf("got %s", a)
	}
	if len(open.open) != 1 || len(n.byName) != 0 {
		t.Errorf("%v is open", open.open)
	}
	if a, err := n.lookup("a", entries); err != nil || a != netip.MustParseAddr("198.19.0.2") {
		t.Errorf("%s, %v", a, err)
	}
}
