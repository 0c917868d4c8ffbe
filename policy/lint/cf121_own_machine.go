package lint

import (
	"fmt"
	"net/netip"
)

var ownMachineOpened = Rule{
	Code:     "CF121",
	Severity: Warning,
	Title:    "services of the machine itself are opened",
	Why: `The gateway connects from outside of the sandbox, so 127.0.0.1 and ::1 in ` + "`network.private`" + ` are the loopback of the
machine or of the pod: engines, agents, debuggers and sidecars that ask for no password, because nobody else can reach
them. Link-local addresses are those of the wire: routers, and services that a
provider puts on the machine. An allowed name that resolves there is enough.`,
	Instead: "Give the service an address of the private network. Where it can only listen on loopback, allow the finding with a comment that names it.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode    = "egress"
egress  = ["db.acme.internal:5432"]
private = ["127.0.0.0/8"]
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
			what, own := ownMachine(n.Prefix)
			if _, whole := wholeSpace(n.Prefix); whole || !own || metadataIn(n.Prefix) >= 0 {
				continue // an error of its own
			}
			found = append(found, Found{
				At: n.At, Message: fmt.Sprintf("an allowed name may lead to %s: %s", n.Prefix, what),
				Hint: s.takeOut(n.At, "network", "private", n.Prefix.String()),
			})
		}
		return found
	},
}

// ownAddresses are those of the machine itself and of its links (RFC 6890). The unspecified
// ones, which Linux takes for loopback, network.private cannot hold.
var ownAddresses = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("127.0.0.0/8"), "the machine's loopback"},
	{netip.MustParsePrefix("::1/128"), "the machine's loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
}

// ownMachine says which of [ownAddresses] a network has some of.
func ownMachine(prefix netip.Prefix) (what string, ok bool) {
	for _, own := range ownAddresses {
		if own.prefix.Overlaps(prefix) {
			return own.what, true
		}
	}
	return "", false
}
