package lint

import (
	"fmt"
	"net/netip"
)

var wholePrivate = Rule{
	Code:     "CF119",
	Severity: Error,
	Title:    "the whole of a private address space is opened",
	Why: `Names may then resolve to any machine of the site, of the cluster or of the provider: databases, consoles, other
customers' sandboxes. That is what mode "egress" is there to keep away; with this entry only the port is left of it.`,
	Instead: "Name the address of the service, with /32 or /128.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode    = "egress"
egress  = ["db.acme.internal:5432"]
private = ["10.0.0.0/8"]
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
			if space, ok := wholeSpace(n.Prefix); ok {
				message := fmt.Sprintf("%s is the whole of %s", n.Prefix, space.what)
				if n.Prefix != space.prefix {
					message = fmt.Sprintf("%s holds all of %s, %s", n.Prefix, space.prefix, space.what)
				}
				found = append(found, Found{At: n.At, Message: message, Hint: space.hint})
			}
		}
		return found
	},
}

type addressSpace struct {
	prefix     netip.Prefix
	what, hint string
}

// addressSpaces are those that private networks are made of: RFC 1918, RFC 6598, RFC 4193.
var addressSpaces = []addressSpace{
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address space", `private = ["10.20.7.4/32"]`},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address space", `private = ["172.20.7.4/32"]`},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address space", `private = ["192.168.7.4/32"]`},
	{netip.MustParsePrefix("100.64.0.0/10"), "the providers' address space", `private = ["100.64.7.4/32"]`},
	{netip.MustParsePrefix("fd00::/8"), "a private address space", `private = ["fd00:20:7::4/128"]`},
}

// wholeSpace gives the first of [addressSpaces] that a network holds all of.
func wholeSpace(prefix netip.Prefix) (space addressSpace, ok bool) {
	for _, space := range addressSpaces {
		if prefix.Bits() <= space.prefix.Bits() && prefix.Contains(space.prefix.Addr()) {
			return space, true
		}
	}
	return addressSpace{}, false
}
