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
}

// specialRanges are the networks of the local machine, site and provider
// (RFC 6890 and its registry), the metadata services of clouds among them, and the
// forms of IPv6 that carry an IPv4 address of any of these inside.
var specialRanges = []specialRange{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "a provider's network"}, // 100.100.100.200 is Alibaba's metadata service
	{netip.MustParsePrefix("127.0.0.0/8"), "this machine"},
	{netip.MustParsePrefix("168.63.129.16/32"), "Azure's metadata service"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, with the clouds' metadata services"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private network"},
	{netip.MustParsePrefix("192.0.0.0/24"), "a network for protocols"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private network"},
	{netip.MustParsePrefix("198.18.0.0/15"), "a network for benchmarks"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},

	{netip.MustParsePrefix("::/128"), "this machine"},
	{netip.MustParsePrefix("::1/128"), "this machine"},
	{netip.MustParsePrefix("::/96"), "an IPv4 address in IPv6"},
	{netip.MustParsePrefix("fec0::/10"), "a private network"}, // site-local, RFC 3879
	{netip.MustParsePrefix("::ffff:0:0/96"), "an IPv4 address in IPv6"},
	{netip.MustParsePrefix("64:ff9b::/96"), "an IPv4 address behind NAT64"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "an IPv4 address behind NAT64"},
	{netip.MustParsePrefix("2001::/32"), "a Teredo tunnel"},
	{netip.MustParsePrefix("2002::/16"), "a 6to4 tunnel"},
	{netip.MustParsePrefix("fc00::/7"), "a private network"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// SpecialAddress says what is special about an address that no name may resolve
// into unless network.private holds it; ok is false for an ordinary one.
func SpecialAddress(ip netip.Addr) (what string, ok bool) {
	for _, r := range specialRanges {
		if r.prefix.Contains(ip.WithZone("")) {
			return r.what, true
		}
	}
	return "", false
}

// Refuses says what is special about an address that an allowed name must not resolve
// into: network.private does not hold it. An address that the policy names by itself is
// not resolved.
func (n Network) Refuses(ip netip.Addr) (what string, refused bool) {
	what, special := SpecialAddress(ip)
	if !special {
		return "", false
	}
	for _, private := range n.Private {
		if private.Prefix.Contains(ip.WithZone("")) {
			return "", false
		}
	}
	return what, true
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
