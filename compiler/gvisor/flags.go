package gvisor

import (
	"encoding/json"

	"confine/policy"
)

// flags are runsc's global flags, but for the platform, which depends on the host. Each stands against a default that gives more away,
// or would take effect without a word.
func flags(p *policy.Policy, seccomp, cgroup bool) []string {
	network := "none"
	if p.Network.Mode == policy.NetworkHost {
		network = "host"
	}
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
