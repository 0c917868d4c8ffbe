package gvisor

import (
	"encoding/json"

	"confine/policy"
)

// The networks of runsc: none; a stack of the sentry's own on what is in a network
// namespace; the sockets of the host.
const (
	networkNone    = "none"
	networkSandbox = "sandbox"
	networkHost    = "host"
)

// launchedFlags are runsc's global flags, but for those that depend on the host.
func launchedFlags(p *policy.Policy) []string {
	switch p.Network.Mode {
	case policy.NetworkHost:
		return flags(networkHost, false, false)
	case policy.NetworkEgress:
		return flags(networkSandbox, false, false)
	}
	return flags(networkNone, false, false)
}

// standaloneFlags are those of a bundle that is used without confine, and so without a
// gateway.
func standaloneFlags(p *policy.Policy, seccomp bool) []string {
	network := networkNone
	if p.Network.Mode == policy.NetworkHost {
		network = networkHost
	}
	return flags(network, seccomp, p.Process.Memory > 0 || p.Process.Pids > 0)
}

// flags gives them. Each stands against a default that gives more away, or would take
// effect without a word.
func flags(network string, seccomp, cgroup bool) []string {
	out := []string{
		"--network=" + network,
		"--overlay2=none",  // else what is written to the root fills the host's disk
		"--host-uds=none",  // no sockets of the host's by their path
		"--host-fifo=none", // no pipes either
		"--directfs=false", // the sentry opens no file of the host itself
		"--net-raw=false",
		"--allow-flag-override=false",
	}
	if seccomp {
		out = append(out, "--oci-seccomp") // without it linux.seccomp is ignored
	}
	if !cgroup {
		out = append(out, "--ignore-cgroups")
	}
	return out
}

func marshalFlags(flags []string) ([]byte, error) {
	data, err := json.MarshalIndent(flags, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}
