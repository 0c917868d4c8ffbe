//go:build linux

package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"confine/policy"
)

const (
	becauseNotInEgress = "not in egress"
	becauseNoTCP       = "egress is TCP alone"
	// becauseNoLog: once a log was asked for, nothing goes unlogged.
	becauseNoLog = "the log of the gateway cannot be written"
)

// entriesFor are the entries of the policy that name a host.
func (g *Gateway) entriesFor(host string) []policy.EgressEntry {
	var found []policy.EgressEntry
	for _, e := range g.config.Network.Egress {
		if e.MatchesHost(host) {
			found = append(found, e)
		}
	}
	return found
}

// aliasOf gives the name of an address that the policy allows and the gateway was not asked
// for, or "".
func (g *Gateway) aliasOf(at netip.AddrPort) string {
	for _, name := range g.config.Aliases[at.Addr().Unmap()] {
		for _, e := range g.config.Network.Egress {
			if isHostname(name) && e.Port == at.Port() && e.MatchesHost(name) {
				return name
			}
		}
	}
	return ""
}

// becausePort says why nothing listens at a port of a host.
func (g *Gateway) becausePort(host string) string {
	var ports []uint16
	for _, e := range g.entriesFor(host) {
		ports = append(ports, e.Port)
	}
	slices.Sort(ports)
	ports = slices.Compact(ports)
	switch len(ports) {
	case 0:
		return becauseNotInEgress
	case 1:
		return fmt.Sprintf("egress names it with port %d", ports[0])
	}
	texts := make([]string, len(ports))
	for i, p := range ports {
		texts[i] = strconv.Itoa(int(p))
	}
	last := len(texts) - 1
	return "egress names it with ports " + strings.Join(texts[:last], ", ") + " and " + texts[last]
}
