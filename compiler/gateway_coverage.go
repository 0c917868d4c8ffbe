package compiler

import (
	"strconv"

	"confine/policy"
)

// NetworkMechanism is how a backend parts a sandbox from the network, in words: with no
// interface, with the link to a gateway, and without the link where nobody launches it.
type NetworkMechanism struct{ Alone, Linked, Unlinked string }

// CoverNetwork judges the clauses of [network].
func CoverNetwork(n policy.Network, how NetworkMechanism) []Coverage {
	mode := Coverage{Clause: policy.ClauseNetworkMode, Subject: string(n.Mode), At: n.At}
	switch n.Mode {
	case policy.NetworkHost:
		mode.Launched = Exact.By("the host's network: every address is reachable")
		mode.Standalone = mode.Launched
	case policy.NetworkEgress:
		mode.Launched, mode.Standalone = Exact.By(how.Linked), Stronger.By(how.Unlinked)
	default:
		mode.Launched, mode.Standalone = Exact.By(how.Alone), Exact.By(how.Alone)
	}
	return append([]Coverage{mode}, coverGateway(n)...)
}

// coverGateway judges the clauses that a gateway enforces, which is the same one for every
// backend. Without the runner there is none, and nothing is reached.
func coverGateway(n policy.Network) []Coverage {
	if n.Mode != policy.NetworkEgress {
		return nil
	}
	nothing := Stronger.By("nothing is reached without confine's gateway")
	var rows []Coverage
	add := func(clause, subject string, at policy.Position, how string) {
		rows = append(rows, Coverage{Clause: clause, Subject: subject, At: at, Launched: Exact.By(how), Standalone: nothing})
	}
	for _, e := range n.Egress {
		add(policy.ClauseNetworkEgress, e.String(), e.At, "the gateway's own names, addresses and ports, for TCP alone")
	}
	for _, private := range n.Private {
		add(policy.ClauseNetworkPrivate, private.Prefix.String(), private.At, "the gateway looks at the address that it connects to")
	}
	fronting := "the gateway reads the server name of TLS on port 443, and the Host of every request on port 80"
	if n.Fronting == policy.FrontingAllow {
		fronting = "the gateway reads nothing of a connection"
	}
	add(policy.ClauseNetworkFronting, string(n.Fronting), n.FrontingAt, fronting)
	if n.MaxBytes > 0 {
		add(policy.ClauseNetworkMaxBytes, strconv.FormatUint(n.MaxBytes, 10), n.MaxBytesAt, "the gateway counts")
	}
	if n.MaxConnections > 0 {
		add(policy.ClauseNetworkMaxConnections, strconv.FormatUint(n.MaxConnections, 10), n.MaxConnectionsAt, "the gateway counts")
	}
	return rows
}

// CoverGatewayFiles says of the entries whose files a gateway replaces what is shown there;
// whom begins the words, where that is not so for everybody.
func CoverGatewayFiles(p *policy.Policy, whom string, rows []Coverage) {
	gateway := GatewayOf(p.Network)
	if gateway == nil {
		return
	}
	for _, file := range gateway.Files(p.Filesystem, "") {
		for i := range rows {
			if rows[i].Clause == policy.ClauseFilesystemRead && rows[i].Subject == file.Path {
				rows[i].Launched = Exact.By(whom + "a file of confine's own in place of the host's; " + rows[i].Launched.How)
			}
		}
	}
}
