package policy

// gateway reads the keys of [network] that say what a gateway lets through.
func (b *builder) gateway(t table) {
	n := &b.layer.Network
	if m, ok := t.node.member("fronting"); ok {
		if mode, ok := b.choice(m.value, ClauseNetworkFronting, string(FrontingDeny), string(FrontingAllow)); ok {
			n.Fronting, n.FrontingAt = FrontingMode(mode), b.at(m.value)
		}
	}
	if m, ok := t.node.member("max_bytes"); ok {
		if size := b.size(m.value, ClauseNetworkMaxBytes, "max_bytes"); size > 0 {
			n.MaxBytes, n.MaxBytesAt = size, b.at(m.value)
		}
	}
	if m, ok := t.node.member("max_connections"); ok {
		if count := b.connections(m.value); count > 0 {
			n.MaxConnections, n.MaxConnectionsAt = count, b.at(m.value)
		}
	}
}

// connections reads a number of connections; 0 is none, and was reported.
func (b *builder) connections(n *node) uint64 {
	const expected = "a number of connections at one time, from 1"
	if n.kind != kindInteger {
		b.wrongType(n, ClauseNetworkMaxConnections, expected)
		return 0
	}
	count, err := decodeInteger(b.src.slice(n.at))
	switch {
	case err != nil || count < 0:
		b.add(n.at, "%s is out of range", ClauseNetworkMaxConnections).note("expected  %s", expected)
		return 0
	case count == 0:
		b.add(n.at, "%s is zero: nothing could be reached", ClauseNetworkMaxConnections).
			note("expected  %s", expected).
			advise("leave max_connections out for no bound")
		return 0
	}
	return uint64(count)
}

// settleGateway gives fronting its default, and reports what a policy says of a gateway
// where everything goes past it. Where nothing is reached it only says nothing. rank are
// the files in the order in which they extend each other.
func (p *Policy) settleGateway(r *reports, rank map[string]int) {
	n := &p.Network
	switch n.Mode {
	case NetworkEgress:
		if n.Fronting == "" {
			n.Fronting = FrontingDeny
		}
		return
	case NetworkNone:
		return
	}
	type statement struct {
		clause string
		at     Position
	}
	stated := []statement{
		{ClauseNetworkFronting, n.FrontingAt}, {ClauseNetworkMaxBytes, n.MaxBytesAt}, {ClauseNetworkMaxConnections, n.MaxConnectionsAt},
	}
	for _, e := range n.Egress {
		// Whoever names hosts in a file that extends one with the mode "host" means these alone.
		if rank[e.At.File] > rank[n.At.File] {
			stated = append(stated, statement{ClauseNetworkEgress, e.At})
			break
		}
	}
	for _, private := range n.Private {
		if rank[private.At.File] > rank[n.At.File] {
			stated = append(stated, statement{ClauseNetworkPrivate, private.At})
			break
		}
	}
	for _, key := range stated {
		if !key.at.IsZero() {
			r.addAt(key.at, "%s restricts nothing beside mode = %q", key.clause, n.Mode).
				note("the mode is stated at %s", n.At).
				advise(`mode = "egress"`)
		}
	}
}

// mergeGateway puts what a layer states over what its bases gave.
func (n *Network) mergeGateway(over Network) {
	if over.Fronting != "" {
		n.Fronting, n.FrontingAt = over.Fronting, over.FrontingAt
	}
	if over.MaxBytes != 0 {
		n.MaxBytes, n.MaxBytesAt = over.MaxBytes, over.MaxBytesAt
	}
	if over.MaxConnections != 0 {
		n.MaxConnections, n.MaxConnectionsAt = over.MaxConnections, over.MaxConnectionsAt
	}
}
