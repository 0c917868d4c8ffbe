package policy

import (
	"fmt"
	"net/netip"
)

func (b *builder) network(t table) {
	n := &b.layer.Network
	if m, ok := t.node.member("mode"); ok {
		if mode, ok := b.choice(m.value, ClauseNetworkMode, string(NetworkNone), string(NetworkEgress), string(NetworkHost)); ok {
			n.Mode, n.At = NetworkMode(mode), b.at(m.value)
		}
	}
	private, hasPrivate := t.node.member("private")
	if hasPrivate {
		b.privateNetworks(private.value)
	}
	egress, hasEgress := t.node.member("egress")
	if !hasEgress {
		return
	}
	named := map[string]EgressEntry{}
	for _, item := range b.elements(egress.value, ClauseNetworkEgress, "an array of "+expectedEgress) {
		b.egress(item, named)
	}
	if n.Mode == NetworkHost && len(egress.value.items) > 0 {
		b.add(egress.key, `network.egress restricts nothing beside mode = "host"`).
			note("every host and port can be reached: %s", n.At).
			advise(`mode = "egress"`)
	}
}

const expectedEgress = `hosts with a port, such as "api.example.com:443"`

func (b *builder) egress(item *node, named map[string]EgressEntry) {
	text, ok := b.text(item, "an entry of network.egress", expectedEgress, ParameterLabel, ParameterHost)
	if !ok {
		return
	}
	entry, hint, err := egressEntry(text)
	if err != nil {
		d := b.add(item.at, "%s", err).note("expected  a host with a port, such as \"api.example.com:443\" or \"*.example.com:443\"")
		if hint != "" {
			d.advise("write %s", hint)
		}
		return
	}
	entry.At = b.at(item)
	if was, twice := named[entry.String()]; twice {
		b.add(item.at, "%s is named twice", entry).note("first named at %s", was.At).advise("remove one of the two")
		return
	}
	named[entry.String()] = entry
	b.layer.Network.Egress = append(b.layer.Network.Egress, entry)
}

func (b *builder) privateNetworks(list *node) {
	const expected = `networks such as "10.20.0.0/16"`
	seen := map[netip.Prefix]Position{}
	for _, item := range b.elements(list, ClauseNetworkPrivate, "an array of "+expected) {
		text, ok := b.text(item, "an entry of network.private", expected)
		if !ok {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			d := b.add(item.at, "%s is not a network", quote(text)).note("expected  %s", expected)
			if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
				d.advise("write %q", fmt.Sprintf("%s/%d", ip, ip.BitLen()))
			}
			continue
		}
		if prefix.Masked() != prefix {
			b.add(item.at, "%s is an address inside a network", quote(text)).
				note("expected  the network itself").advise("write %q", prefix.Masked())
			continue
		}
		if first, twice := seen[prefix]; twice {
			b.add(item.at, "%s is named twice", prefix).note("first named at %s", first).advise("remove one of the two")
			continue
		}
		seen[prefix] = b.at(item)
		b.layer.Network.Private = append(b.layer.Network.Private, PrivateNetwork{prefix, b.at(item)})
	}
}
