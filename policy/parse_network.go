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
		} else {
			// Any other would have more to say about the keys beside it, which is no news.
			n.Mode, n.At = NetworkEgress, b.at(m.value)
		}
	}
	private, hasPrivate := t.node.member("private")
	if hasPrivate {
		b.privateNetworks(private.value)
	}
	if hasPrivate && n.Mode == NetworkHost && len(private.value.items) > 0 {
		b.add(private.key, `network.private restricts nothing beside mode = "host"`).
			note("every address can be reached, private ones too: %s", n.At).
			advise(`remove private, or write mode = "egress"`)
	}
	b.gateway(t)
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
	at := b.at(item)
	written := b.written(at, text)
	if !b.hostParameters(item, written) {
		return
	}
	entry, hint, err := egressEntry(written)
	if err != nil {
		d := b.add(item.at, "%s", err).note("expected  a host with a port, such as \"api.example.com:443\" or \"*.example.com:443\"")
		if hint != "" {
			d.advise("write %s", hint)
		}
		return
	}
	if written != text {
		// Only the values can be wrong now, and they are not shown.
		if entry, _, err = egressEntry(text); err != nil || isAddress(entry.Host) {
			b.add(item.at, "%s is no host with the values of its parameters", quote(written)).
				note("expected  labels of at most 63 characters, 253 in all, no address, and no public suffix after \"*.\"")
			return
		}
	}
	entry.At = at
	if was, twice := named[entry.String()]; twice {
		b.add(item.at, "%s is named twice", b.written(at, entry.String())).note("first named at %s", was.At).advise("remove one of the two")
		return
	}
	named[entry.String()] = entry
	b.layer.Network.Egress = append(b.layer.Network.Egress, entry)
}

// hostParameters makes sure that a parameter of type "host" is all that follows a dot, or
// the whole host: after anything else its value would not lie in its suffix.
func (b *builder) hostParameters(item *node, written string) bool {
	for _, use := range parameterUse.FindAllStringIndex(written, -1) {
		name := written[use[0]+len("${") : use[1]-len("}")]
		p, ok := b.params[name]
		if !ok || p.Type != ParameterHost {
			continue
		}
		starts := use[0] == 0 || written[use[0]-1] == '.'
		if ends := use[1] == len(written) || written[use[1]] == ':'; !starts || !ends {
			b.add(item.at, "parameter %s is a whole host, and here it is a part of a name", name).
				note("its value would no longer lie in its suffix").
				advise(`write "${%s}:443", or "*.${%s}:443" for what lies below it`, name, name)
			return false
		}
	}
	return true
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
		if closed, ok := closedRangeOf(prefix); ok {
			b.closedNetwork(item, prefix, closed)
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

// closedNetwork reports an entry of network.private that could allow nothing.
func (b *builder) closedNetwork(item *node, network netip.Prefix, closed specialRange) {
	d := b.add(item.at, "network.private cannot hold %s", network).note("found     %s", closed.what).note("%s", closed.closed)
	if inside, ok := carriedNetwork(network); ok && inside.Bits() > 0 && worthNaming(inside.Addr()) {
		d.advise("write %q", inside)
		return
	}
	d.advise("take it out, and name the addresses of the service that is meant")
}
