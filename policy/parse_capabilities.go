package policy

import "sort"

func (b *builder) capabilities(t table) {
	m, ok := t.node.member("keep")
	if !ok {
		return
	}
	const expected = `capability names such as "CAP_NET_BIND_SERVICE"`
	seen := map[string]Position{}
	for _, n := range b.elements(m.value, "capabilities.keep", "an array of "+expected) {
		text, ok := b.text(n, "an entry of capabilities.keep", expected)
		if !ok {
			continue
		}
		name, known := capabilityName(text)
		if !known {
			d := b.add(n.at, "%s is not a capability", quote(text)).note("expected  %s", expected)
			if near, ok := nearestCapability(name); ok {
				d.advise("did you mean %q?", near)
			}
			continue
		}
		if first, twice := seen[name]; twice {
			b.add(n.at, "%s is kept twice", name).note("first named at %s", first)
			continue
		}
		seen[name] = b.at(n)
		b.layer.Capabilities = append(b.layer.Capabilities, Capability{Name: name, At: b.at(n)})
	}
	sort.Slice(b.layer.Capabilities, func(i, j int) bool {
		return b.layer.Capabilities[i].Name < b.layer.Capabilities[j].Name
	})
}
