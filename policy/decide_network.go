package policy

import (
	"fmt"
	"net/netip"
)

// decideNetwork answers for a connection, and for the look-up of a name. A name
// that can be connected to at any port can be looked up.
func (p *Policy) decideNetwork(a Access) Decision {
	n := p.Network
	switch n.Mode {
	case NetworkHost:
		return allowed(ClauseNetworkMode, n.At, `network.mode is "host": every host and port can be reached`)
	case NetworkEgress:
	default:
		return denied(ClauseNetworkMode, n.At, `network.mode is "none"`)
	}
	for _, e := range n.Egress {
		if e.MatchesHost(a.Target) && (a.Kind == AccessResolve || e.Port == a.Port) {
			return allowed(ClauseNetworkEgress, e.At, "network.egress names %s", e)
		}
	}
	why := `network.mode is "egress" and no entry of network.egress names it`
	if ip, err := netip.ParseAddr(a.Target); err == nil {
		switch special, found := specialRangeOf(ip); {
		case special.closed != "":
			why += fmt.Sprintf("; an address of this kind (%s) cannot be named", special.what)
		case found:
			why += fmt.Sprintf("; an address of this kind (%s) also needs network.private", special.what)
		}
	}
	return denied(ClauseNetworkEgress, n.At, "%s", why)
}
