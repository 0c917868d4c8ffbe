package policy

import (
	"net/netip"
	"slices"
	"sort"
)

// specialRange is a range of addresses that a name of network.egress must not
// resolve into, unless network.private holds the address.
type specialRange struct {
	prefix netip.Prefix
	what   string
	// closed says why network.private cannot hold it either; empty is that it can.
	closed string
}

// Why some special ranges stay closed.
const (
	closedLocal     = "no host has such an address: a connection to it ends on the machine that confine runs on"
	closedMulticast = "TCP connects to one host, and this is the address of many"
	closedCarrier   = "the IPv4 address inside is the one that counts"
	closedTunnel    = "what the IPv4 address inside leads to cannot be told from here"
)

// specialRanges are the networks of the local machine, site and provider
// (RFC 6890 and its registry), the metadata services of clouds among them, and the
// forms of IPv6 that carry an IPv4 address of any of these inside.
var specialRanges = []specialRange{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network", closedLocal},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private network", ""},
	{netip.MustParsePrefix("100.64.0.0/10"), "a provider's network", ""}, // 100.100.100.200 is Alibaba's metadata service
	{netip.MustParsePrefix("127.0.0.0/8"), "this machine", ""},
	{netip.MustParsePrefix("168.63.129.16/32"), "Azure's metadata service", ""},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, with the clouds' metadata services", ""},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private network", ""},
	{netip.MustParsePrefix("192.0.0.0/24"), "a network for protocols", ""},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private network", ""},
	{netip.MustParsePrefix("198.18.0.0/15"), "a network for benchmarks", ""},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast", closedMulticast},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved", ""},

	{netip.MustParsePrefix("::/128"), "this machine", closedLocal},
	{netip.MustParsePrefix("::1/128"), "this machine", ""},
	{netip.MustParsePrefix("::/96"), "an IPv4 address in IPv6", closedTunnel},
	{netip.MustParsePrefix("fec0::/10"), "a private network", ""}, // site-local, RFC 3879
	{netip.MustParsePrefix("::ffff:0:0/96"), "an IPv4 address in IPv6", closedCarrier},
	{netip.MustParsePrefix("64:ff9b::/96"), "an IPv4 address behind NAT64", closedCarrier},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "an IPv4 address behind NAT64", closedTunnel},
	{netip.MustParsePrefix("2001::/32"), "a Teredo tunnel", closedTunnel},
	{netip.MustParsePrefix("2002::/16"), "a 6to4 tunnel", closedTunnel},
	{netip.MustParsePrefix("fc00::/7"), "a private network", ""},
	{netip.MustParsePrefix("fe80::/10"), "link-local", ""},
	{netip.MustParsePrefix("ff00::/8"), "multicast", closedMulticast},
}

// SpecialAddress says what is special about an address that no name may resolve
// into unless network.private holds it; ok is false for an ordinary one.
func SpecialAddress(ip netip.Addr) (what string, ok bool) {
	r, ok := specialRangeOf(ip)
	return r.what, ok
}

// specialRangeOf gives the first of [specialRanges] that an address lies in.
func specialRangeOf(ip netip.Addr) (specialRange, bool) {
	for _, r := range specialRanges {
		if r.prefix.Contains(ip.WithZone("")) {
			return r, true
		}
	}
	return specialRange{}, false
}

// closedRangeOf gives the range that network.private cannot hold and that all of a network
// lies in.
func closedRangeOf(network netip.Prefix) (specialRange, bool) {
	for _, r := range specialRanges {
		if r.prefix.Contains(network.Addr()) && r.prefix.Bits() <= network.Bits() {
			return r, r.closed != ""
		}
	}
	return specialRange{}, false
}

// nat64 is the prefix behind which the last 32 bits are the IPv4 address that is reached
// (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// carried gives the IPv4 address that is reached by an address of IPv6 with one inside, and
// any other address as it is.
func carried(ip netip.Addr) netip.Addr {
	ip = ip.WithZone("").Unmap()
	if nat64.Contains(ip) {
		last := ip.As16()
		return netip.AddrFrom4([4]byte(last[12:]))
	}
	return ip
}

// carriedNetwork gives the network of IPv4 that one of IPv6 is reached as.
func carriedNetwork(network netip.Prefix) (netip.Prefix, bool) {
	ip := carried(network.Addr())
	bits := network.Bits() - (network.Addr().BitLen() - ip.BitLen())
	return netip.PrefixFrom(ip, bits), ip != network.Addr()
}

// worthNaming reports whether a hint may name an address: none leads to a metadata service,
// or to what is closed.
func worthNaming(ip netip.Addr) bool {
	special, _ := specialRangeOf(ip)
	return special.closed == "" && !ip.IsLinkLocalUnicast()
}

// Refuses says what is special about an address that an allowed name must not resolve
// into: network.private does not hold it. An address with one of IPv4 inside is judged by
// that, where what it leads to is known. An address that the policy names by itself is not
// resolved.
func (n Network) Refuses(ip netip.Addr) (what string, refused bool) {
	ip = carried(ip)
	special, ok := specialRangeOf(ip)
	if !ok {
		return "", false
	}
	if special.closed != "" {
		return special.what, true
	}
	for _, private := range n.Private {
		if private.Prefix.Contains(ip) {
			return "", false
		}
	}
	return special.what, true
}

// isAddress reports whether a normalised host is an IP literal.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// addressSet is a set of addresses, as ranges that neither meet nor touch, in order.
type addressSet []addressRange

type addressRange struct{ first, last netip.Addr }

// newAddressSet unites networks.
func newAddressSet(networks []PrivateNetwork) addressSet {
	ranges := make(addressSet, len(networks))
	for i, n := range networks {
		ranges[i] = rangeOf(n.Prefix)
	}
	slices.SortFunc(ranges, func(a, b addressRange) int { return a.first.Compare(b.first) })
	var set addressSet
	for _, r := range ranges {
		if n := len(set); n > 0 {
			last := &set[n-1].last
			// The address after the last of all is no address, and lies before any.
			if next := last.Next(); r.first.BitLen() == last.BitLen() && (r.first.Compare(*last) <= 0 || next == r.first) {
				if r.last.Compare(*last) > 0 {
					*last = r.last
				}
				continue
			}
		}
		set = append(set, r)
	}
	return set
}

// holds reports whether every address of a network is in the set.
func (s addressSet) holds(prefix netip.Prefix) bool {
	r := rangeOf(prefix)
	i := sort.Search(len(s), func(i int) bool { return s[i].last.Compare(r.first) >= 0 })
	return i < len(s) && s[i].first.Compare(r.first) <= 0 && s[i].last.Compare(r.last) >= 0
}

// rangeOf gives the first and the last address of a network.
func rangeOf(prefix netip.Prefix) addressRange {
	bytes := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return addressRange{prefix.Masked().Addr(), last}
}
