package policy

func (b *builder) network(t table) {
	m, ok := t.node.member("mode")
	if !ok {
		return
	}
	if m.value.kind == kindString {
		if mode, err := decodeString(b.src.slice(m.value.at)); err == nil && mode == "egress" {
			b.unsupported(m.value.at, `network.mode = "egress"`)
			return
		}
	}
	if mode, ok := b.choice(m.value, "network.mode", string(NetworkNone), string(NetworkHost)); ok {
		b.policy.Network = Network{Mode: NetworkMode(mode), At: b.at(m.value)}
	}
}
