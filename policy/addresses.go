package policy

import "net/netip"

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

// isAddress reports whether a normalised host is an IP literal.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
