package compiler

import (
	"net/netip"
	"strings"

	"confine/policy"
)

// RefuseEgress names what no gateway can give: names that nobody could look up, and
// addresses that mean something else inside a sandbox.
func RefuseEgress(p *policy.Policy) Refusals {
	if p.Network.Mode != policy.NetworkEgress {
		return nil
	}
	var refusals Refusals
	named := false
	for _, e := range p.Network.Egress {
		if why, hint := elsewhere(e.Host); why != "" {
			refusals = append(refusals, Refusal{
				At: e.At, Clause: policy.ClauseNetworkEgress, Message: "no gateway leads there",
				Found: p.Written(e.At, e.String()) + ": " + why, Expected: "a host outside of the sandbox", Hint: hint,
			})
		}
		_, literal := e.Address()
		named = named || !literal
	}
	if _, ok := readEntry(p.Filesystem, ResolverFile); named && !ok {
		refusals = append(refusals, Refusal{
			At: p.Network.At, Clause: policy.ClauseNetworkEgress, Message: "the program could not look up a name",
			Found: "no " + ResolverFile + " in [filesystem] read", Expected: "the file that names the gateway's name server",
			Hint: `read = ["` + ResolverFile + `"], in [filesystem]`,
		})
	}
	return refusals
}

// NoGatewayTo reports whether a host of a policy would be refused, because inside a sandbox
// it means something else.
func NoGatewayTo(host string) bool {
	why, _ := elsewhere(host)
	return why != ""
}

// elsewhere says why a host cannot be reached through a gateway, or gives "".
func elsewhere(host string) (why, hint string) {
	const byName = "use a name that resolves to that address, and put the address in [network] private"
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return "inside, this name is the sandbox itself (RFC 6761)", byName
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return "", ""
	case ip.IsLoopback(), ip.IsUnspecified():
		return "inside, this address is the sandbox itself", byName
	case ip.IsMulticast(), ip == broadcast:
		return "this address is not that of one host", ""
	case ip.Is6() && ip.IsLinkLocalUnicast():
		return "the sandbox is not on a link with this address", byName
	case ip.Is4In6():
		return "connections to it are made by IPv4", "write " + ip.Unmap().String()
	case gatewayRange.Contains(ip):
		return gatewayRange.String() + " is the gateway's own", byName
	case gatewayLink6.Masked().Contains(ip):
		return gatewayLink6.Masked().String() + " is the gateway's own", byName
	}
	return "", ""
}
