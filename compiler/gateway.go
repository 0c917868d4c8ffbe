package compiler

import (
	"net/netip"

	"confine/policy"
)

// Gateway is how a sandbox under network.mode = "egress" is connected: by one interface to
// a network namespace that has no way out, in which the runner's gateway listens.
type Gateway struct {
	// GatewayAddresses and SandboxAddresses are those of the two ends of the link; the
	// gateway answers look-ups at its first.
	GatewayAddresses []netip.Prefix `json:"gateway_addresses"`
	SandboxAddresses []netip.Prefix `json:"sandbox_addresses"`
	// Names is the network in which the gateway gives names their addresses, and
	// Literals are the addresses that the policy names itself.
	Names    netip.Prefix   `json:"names"`
	Literals []netip.Prefix `json:"literals,omitempty"`
}

// GatewayInterface is the name of the sandbox's end.
const GatewayInterface = "eth0"

// The addresses of the link, and of names. RFC 2544 keeps 198.18.0.0/15 for tests
// between two devices, so that no host has an address in it; those for IPv6 are local ones
// (RFC 4193), which only policies with IPv6 addresses have.
var (
	gatewayLink4 = netip.MustParsePrefix("198.18.0.1/30")
	sandboxLink4 = netip.MustParsePrefix("198.18.0.2/30")
	gatewayLink6 = netip.MustParsePrefix("fd6f:636f:6e66::1/126")
	sandboxLink6 = netip.MustParsePrefix("fd6f:636f:6e66::2/126")
	gatewayNames = netip.MustParsePrefix("198.19.0.0/16")
	gatewayRange = netip.MustParsePrefix("198.18.0.0/15")
	broadcast    = netip.MustParseAddr("255.255.255.255")
)

// GatewayOf describes the gateway of a policy, or nil in any other mode.
func GatewayOf(n policy.Network) *Gateway {
	if n.Mode != policy.NetworkEgress {
		return nil
	}
	g := &Gateway{
		GatewayAddresses: []netip.Prefix{gatewayLink4}, SandboxAddresses: []netip.Prefix{sandboxLink4}, Names: gatewayNames,
	}
	seen, six := map[netip.Addr]bool{}, false
	for _, e := range n.Egress {
		ip, ok := e.Address()
		if !ok || seen[ip] {
			continue
		}
		seen[ip] = true
		six = six || ip.Is6()
		g.Literals = append(g.Literals, netip.PrefixFrom(ip, ip.BitLen()))
	}
	if six {
		g.GatewayAddresses = append(g.GatewayAddresses, gatewayLink6)
		g.SandboxAddresses = append(g.SandboxAddresses, sandboxLink6)
	}
	return g
}

// Nameserver is where the gateway answers look-ups.
func (g *Gateway) Nameserver() netip.Addr { return g.GatewayAddresses[0].Addr() }

// Reaches reports whether a sandbox has a route to an address: to the gateway's own, and to
// those that the policy names.
func (g *Gateway) Reaches(ip netip.Addr) bool {
	for _, r := range g.Routes() {
		if r.To.Contains(ip) {
			return true
		}
	}
	for _, a := range g.SandboxAddresses {
		if a.Contains(ip) {
			return true
		}
	}
	return false
}

// GatewayRoute is a route of the sandbox.
type GatewayRoute struct {
	To  netip.Prefix
	Via netip.Addr
}

// Routes are the sandbox's, besides those to the link itself: there is no default route.
func (g *Gateway) Routes() []GatewayRoute {
	routes := []GatewayRoute{{g.Names, g.Nameserver()}}
	for _, literal := range g.Literals {
		via := g.Nameserver()
		if literal.Addr().Is6() {
			via = gatewayLink6.Addr()
		}
		routes = append(routes, GatewayRoute{literal, via})
	}
	return routes
}
