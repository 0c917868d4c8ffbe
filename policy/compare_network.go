package policy

import "net/netip"

// networkRank orders the modes by what they allow.
var networkRank = map[NetworkMode]int{NetworkNone: 0, NetworkEgress: 1, NetworkHost: 2}

func (c *comparison) network() {
	a, b := c.older.Network, c.newer.Network
	if a.Mode != b.Mode && (a.Mode == NetworkHost || b.Mode == NetworkHost) {
		c.add(Change{
			Clause: ClauseNetworkMode, Subject: string(b.Mode), Loosened: networkRank[b.Mode] > networkRank[a.Mode],
			Was: string(a.Mode), Now: string(b.Mode), WasAt: a.At, NowAt: b.At,
			Example: Access{Kind: AccessConnect, Target: unnamedHost(a, b), Port: 443},
		})
	}
	if a.Mode != NetworkHost {
		c.hosts(a, b, true)
	}
	if b.Mode != NetworkHost {
		c.hosts(b, a, false)
	}
	c.privateNetworks(a, b, true)
	c.privateNetworks(b, a, false)
}

// hosts adds what to allows and from does not; loosened says that to is the newer.
func (c *comparison) hosts(from, to Network, loosened bool) {
	if to.Mode != NetworkEgress {
		return
	}
	for _, e := range to.Egress {
		covered := false
		for _, f := range from.Egress {
			covered = covered || from.Mode == NetworkEgress && f.covers(e)
		}
		if covered {
			continue
		}
		change := Change{
			Clause: ClauseNetworkEgress, Subject: e.String(), Loosened: loosened,
			Was: nothing, Now: "allowed", WasAt: from.At, NowAt: e.At, Example: exampleOf(e, from),
		}
		if !loosened {
			change.Was, change.Now, change.WasAt, change.NowAt = "allowed", nothing, e.At, from.At
		}
		c.add(change)
	}
}

// exampleOf gives a connection that an entry allows and another network does not.
func exampleOf(e EgressEntry, other Network) Access {
	host := e.Host
	if host[0] == '*' {
		label := "x"
		for host = label + e.Host[1:]; other.names(host); host = label + e.Host[1:] {
			label += "x"
		}
	}
	return Access{Kind: AccessConnect, Target: host, Port: e.Port}
}

func (n Network) names(host string) bool {
	for _, e := range n.Egress {
		if e.MatchesHost(host) {
			return true
		}
	}
	return false
}

// unnamedHost gives a host that neither network names.
func unnamedHost(a, b Network) string {
	host := "example.com"
	for a.names(host) || b.names(host) {
		host = "x" + host
	}
	return host
}

// privateNetworks adds the networks of to that from does not hold. They have no
// access of their own: a name may resolve into them.
func (c *comparison) privateNetworks(from, to Network, loosened bool) {
	for _, n := range to.Private {
		if from.holds(n.Prefix) {
			continue
		}
		change := Change{
			Clause: ClauseNetworkPrivate, Subject: n.Prefix.String(), Loosened: loosened,
			Was: nothing, Now: "allowed", NowAt: n.At,
		}
		if !loosened {
			change.Was, change.Now, change.WasAt, change.NowAt = "allowed", nothing, n.At, Position{}
		}
		c.add(change)
	}
}

// holds reports whether network.private holds every address of a prefix, by one
// entry or by several together.
func (n Network) holds(prefix netip.Prefix) bool {
	inside := false
	for _, p := range n.Private {
		if p.Prefix.Bits() <= prefix.Bits() && p.Prefix.Contains(prefix.Addr()) {
			return true
		}
		inside = inside || prefix.Contains(p.Prefix.Addr())
	}
	if !inside || prefix.Bits() == prefix.Addr().BitLen() {
		return false
	}
	low, high := halves(prefix)
	return n.holds(low) && n.holds(high)
}

// halves splits a prefix that has at least two addresses.
func halves(prefix netip.Prefix) (low, high netip.Prefix) {
	bits := prefix.Bits()
	bytes := prefix.Addr().AsSlice()
	bytes[bits/8] |= 0x80 >> (bits % 8)
	upper, _ := netip.AddrFromSlice(bytes)
	return netip.PrefixFrom(prefix.Addr(), bits+1), netip.PrefixFrom(upper, bits+1)
}
