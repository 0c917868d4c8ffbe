package lint

import (
	"fmt"
	"net/netip"

	"confine/policy"
)

var metadataService = Rule{
	Code:     "CF107",
	Severity: Error,
	Title:    "a cloud's metadata service is opened",
	Why: `A cloud gives the credentials of a machine to whoever asks its metadata service from that machine, and needs no
password for it. With them an attacker is no longer the connector but the machine, with everything that it may do in
the account. An allowed name that resolves to the address is enough.`,
	Instead: "Take the address out. A program that needs rights in a cloud gets credentials of its own in its configuration.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode    = "egress"
egress  = ["api.acme.com:80"]
private = ["169.254.0.0/16"]
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
			if i := metadataIn(n.Prefix); i >= 0 {
				service := metadataAddresses[i]
				found = append(found, Found{
					At: n.At, Message: fmt.Sprintf("%s holds %s: %s", n.Prefix, service.ip, service.what),
					Hint: s.takeOut(n.At, "network", "private", n.Prefix.String()),
				})
			}
		}
		for _, e := range reached(s) {
			if what, ok := metadataOf(e); ok {
				found = append(found, Found{At: e.At, Message: what, Hint: s.takeOut(e.At, "network", "egress", e.String())})
			}
		}
		return found
	},
}

// metadataOf says which metadata service an entry of network.egress leads to.
func metadataOf(e policy.EgressEntry) (what string, ok bool) {
	if ip, literal := e.Address(); literal {
		if i := metadataIn(netip.PrefixFrom(ip, ip.BitLen())); i >= 0 {
			return fmt.Sprintf("%s is %s", ip, metadataAddresses[i].what), true
		}
		return "", false
	}
	for _, name := range metadataNames {
		if e.MatchesHost(name) {
			return name + " is the name of a metadata service", true
		}
	}
	return "", false
}

// metadataAddresses are those at which clouds give credentials to their machines, as their
// manuals state them.
var metadataAddresses = []struct {
	ip   netip.Addr
	what string
}{
	{netip.MustParseAddr("169.254.169.254"), "a metadata service"},
	{netip.MustParseAddr("169.254.170.2"), "the credentials of Amazon ECS tasks"},
	{netip.MustParseAddr("169.254.170.23"), "the credentials of Amazon EKS pods"},
	{netip.MustParseAddr("fd00:ec2::254"), "the metadata service of Amazon EC2"},
	{netip.MustParseAddr("fd00:ec2::23"), "the credentials of Amazon EKS pods"},
	{netip.MustParseAddr("fd20:ce::254"), "the metadata service of Google Cloud"},
	{netip.MustParseAddr("100.100.100.200"), "the metadata service of Alibaba Cloud"},
	{netip.MustParseAddr("168.63.129.16"), "the service of Azure for its machines"},
	{netip.MustParseAddr("192.0.0.192"), "the metadata service of Oracle Cloud"},
}

// metadataIn gives the index of the first of [metadataAddresses] in a network, or -1.
func metadataIn(prefix netip.Prefix) int {
	for i, service := range metadataAddresses {
		if prefix.Contains(service.ip) {
			return i
		}
	}
	return -1
}

// metadataNames resolve to one of these inside of a cloud.
var metadataNames = []string{
	"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal", "metadata.tencentyun.com",
}
