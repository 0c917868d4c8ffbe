//go:build linux

package egress

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// resolve answers the sandbox. Nothing of a question goes anywhere: a name that the policy
// does not have does not exist, whatever it says in its labels.
//
// A name has an IPv4 address and no other record. IPv6 would only give clients a second
// address of the same listener to try: with one family there is one connection and no delay
// before the other is tried. glibc, musl, Go and Python take the empty answer to AAAA at
// once, and it is the same for HTTPS and SVCB, that lead to other hosts and ports.
func (g *Gateway) resolve(name string, t dnsmessage.Type) (netip.Addr, dnsmessage.RCode) {
	var none netip.Addr
	e := Event{Kind: KindResolve, Verdict: Denied, Host: shownName(name), At: g.config.Network.At}
	if g.journal.failure() != nil {
		return none, dnsmessage.RCodeServerFailure
	}
	_, err := netip.ParseAddr(name)
	literal := err == nil
	entries := g.entriesFor(name)
	switch {
	case len(entries) > 0 && !literal && isHostname(name):
	case name == "arpa", strings.HasSuffix(name, ".arpa"):
		// What name an address has is asked by libraries that want it for a log. It is
		// nobody's attempt to reach anything.
		return none, dnsmessage.RCodeNameError
	default:
		e.Because = becauseNotInEgress
		switch {
		case literal:
			e.Because = "an address is no name"
		case len(entries) > 0:
			e.Because = "not the name of a host"
		}
		g.journal.count(e, laneOf(t))
		return none, dnsmessage.RCodeNameError
	}
	e.Verdict, e.At = Allowed, entries[0].At
	if t != dnsmessage.TypeA {
		g.journal.count(e, laneOf(t))
		return none, dnsmessage.RCodeSuccess
	}
	address, err := g.names.lookup(name, entries)
	if err != nil {
		if errors.Is(err, errClosed) {
			return none, dnsmessage.RCodeServerFailure
		}
		e.Verdict, e.Because = Failed, err.Error()
		g.journal.count(e, laneA)
		return none, dnsmessage.RCodeServerFailure
	}
	g.journal.count(e, laneA)
	return address, dnsmessage.RCodeSuccess
}

func laneOf(t dnsmessage.Type) lane {
	switch t {
	case dnsmessage.TypeA:
		return laneA
	case dnsmessage.TypeAAAA:
		return laneAAAA
	}
	return laneOther
}
