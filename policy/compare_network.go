package policy

import (
	"strconv"
	"strings"
)

// networkRank orders the modes by what they allow.
var networkRank = map[NetworkMode]int{NetworkNone: 0, NetworkEgress: 1, NetworkHost: 2}

func (c *comparison) network() {
	a, b := c.older.Network, c.newer.Network
	if a.Mode != b.Mode && (a.Mode == NetworkHost || b.Mode == NetworkHost) {
		c.add(Change{
			Clause: ClauseNetworkMode, Subject: "mode", Loosened: networkRank[b.Mode] > networkRank[a.Mode],
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
	c.gateway(a, b)
	c.privateNetworks(a, b, true)
	c.privateNetworks(b, a, false)
}

// hosts adds what to allows and from does not; loosened says that to is the newer.
func (c *comparison) hosts(from, to Network, loosened bool) {
	if to.Mode != NetworkEgress {
		return
	}
	named := indexHosts(from)
	for _, e := range to.Egress {
		if named.covers(e) {
			continue
		}
		change := Change{
			Clause: ClauseNetworkEgress, Subject: e.String(), Loosened: loosened,
			Was: nothing, Now: "allowed", WasAt: from.At, NowAt: e.At, Example: named.exampleOf(e),
		}
		if !loosened {
			change.Was, change.Now, change.WasAt, change.NowAt = "allowed", nothing, e.At, from.At
		}
		c.add(change)
	}
}

// hostIndex finds what a network names, by host and port.
type hostIndex map[EgressEntry]bool

// indexHosts gives what mode "egress" allows; in any other mode that is nothing.
func indexHosts(n Network) hostIndex {
	index := hostIndex{}
	if n.Mode == NetworkEgress {
		for _, e := range n.Egress {
			index[EgressEntry{Host: e.Host, Port: e.Port}] = true
		}
	}
	return index
}

// covers reports whether everything that e names is named. What many entries name
// together one of them names, or none: a wildcard has more names than any number of
// entries below it.
func (index hostIndex) covers(e EgressEntry) bool {
	if index[EgressEntry{Host: e.Host, Port: e.Port}] {
		return true
	}
	if isAddress(e.Host) {
		return false
	}
	for _, rest, more := strings.Cut(e.Host, "."); more; _, rest, more = strings.Cut(rest, ".") {
		if index[EgressEntry{Host: "*." + rest, Port: e.Port}] {
			return true
		}
	}
	return false
}

// exampleOf gives a connection that an uncovered entry allows and the index does not.
func (index hostIndex) exampleOf(e EgressEntry) Access {
	host := e.Host
	if domain, wildcard := strings.CutPrefix(host, "*."); wildcard {
		host = "x." + domain
		for i := 1; index.covers(EgressEntry{Host: host, Port: e.Port}); i++ {
			host = "x" + strconv.Itoa(i) + "." + domain
		}
	}
	return Access{Kind: AccessConnect, Target: host, Port: e.Port}
}

// gateway compares what two gateways let through. They have no access of their own.
func (c *comparison) gateway(a, b Network) {
	if a.Mode != NetworkEgress || b.Mode != NetworkEgress {
		return // the modes were compared
	}
	if a.Fronting != b.Fronting {
		c.add(Change{
			Clause: ClauseNetworkFronting, Subject: "fronting", Loosened: b.Fronting == FrontingAllow,
			Was: string(a.Fronting), Now: string(b.Fronting), WasAt: a.FrontingAt, NowAt: b.FrontingAt,
		})
	}
	c.bound(ClauseNetworkMaxBytes, "max_bytes", a.MaxBytes, b.MaxBytes,
		SizeText(a.MaxBytes), SizeText(b.MaxBytes), a.MaxBytesAt, b.MaxBytesAt)
	c.bound(ClauseNetworkMaxConnections, "max_connections", a.MaxConnections, b.MaxConnections,
		strconv.FormatUint(a.MaxConnections, 10), strconv.FormatUint(b.MaxConnections, 10), a.MaxConnectionsAt, b.MaxConnectionsAt)
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
	for i := 1; a.names(host) || b.names(host); i++ {
		host = "example" + strconv.Itoa(i) + ".com"
	}
	return host
}

// privateNetworks adds the networks of to that from does not hold. They have no
// access of their own: a name may resolve into them.
func (c *comparison) privateNetworks(from, to Network, loosened bool) {
	held := newAddressSet(from.Private)
	for _, n := range to.Private {
		if held.holds(n.Prefix) {
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
