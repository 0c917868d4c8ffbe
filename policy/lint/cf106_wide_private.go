package lint

import (
	"fmt"
	"net/netip"

	"confine/policy"
)

var widePrivate = Rule{
	Code:     "CF106",
	Severity: Warning,
	Title:    "a private network is opened that is wider than one subnet",
	Why: `Whoever controls the DNS of an allowed name chooses what it resolves to. ` + "`network.private`" + ` is where that may lead:
every machine of the network that listens on an allowed port, not only the one that is meant.`,
	Instead: "Name the address of the service with /32, or /128 for IPv6, or else its subnet.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode    = "egress"
egress  = ["db.acme.internal:5432"]
private = ["10.20.0.0/16"]
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[network]
mode    = "egress"
egress  = ["db.acme.internal:5432"]
private = ["10.20.7.4/32"]
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, n := range openedNetworks(s) {
			_, whole := wholeSpace(n.Prefix)
			_, own := ownMachine(n.Prefix)
			if whole || own || metadataIn(n.Prefix) >= 0 || !wide(n.Prefix) {
				continue
			}
			found = append(found, Found{
				At: n.At, Message: fmt.Sprintf("an allowed name may resolve to any address of %s", n.Prefix),
				Notes: []string{fmt.Sprintf("that is %s addresses", addresses(n.Prefix))},
				Hint:  fmt.Sprintf("name the address of the service that is meant, with /%d", n.Prefix.Addr().BitLen()),
			})
		}
		return found
	},
}

// openedNetworks gives the networks of network.private where they count.
func openedNetworks(s *Subject) []policy.PrivateNetwork {
	if s.Policy.Network.Mode != policy.NetworkEgress {
		return nil
	}
	return s.Policy.Network.Private
}

// wide reports whether a network is larger than what is one subnet by custom: 256
// addresses of IPv4, a /64 of IPv6 (RFC 4291, section 2.5.1).
func wide(prefix netip.Prefix) bool {
	if prefix.Addr().Is4() {
		return prefix.Bits() < 24
	}
	return prefix.Bits() < 64
}

// addresses says how many addresses a network has.
func addresses(prefix netip.Prefix) string {
	bits := prefix.Addr().BitLen() - prefix.Bits()
	if bits > 32 {
		return fmt.Sprintf("2^%d", bits)
	}
	return fmt.Sprint(uint64(1) << bits)
}
