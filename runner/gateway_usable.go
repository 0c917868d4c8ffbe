//go:build linux

package runner

import (
	"os"

	"confine/compiler"
	"confine/runner/gatewayns"
)

// EgressProblems are the reasons why a backend that is usable here could not connect a
// sandbox to a gateway, as network.mode = "egress" wants it.
func (h Host) EgressProblems(name compiler.Backend) []Problem {
	switch name {
	case compiler.Firejail:
		return h.firejailEgressProblems()
	case compiler.Native:
		return h.mediationProblems()
	}
	if found := tryKeeper(keeperGatewayTrialArgument, guestNamespaces(os.Getuid(), os.Getgid(), true)); found != "" {
		return []Problem{{
			Message: "this caller cannot connect a sandbox to a gateway", Found: found,
			Expected: "network namespaces and veth(4) links in a user namespace",
			Instead:  []string{"modprobe veth", "sysctl user.max_net_namespaces"},
		}}
	}
	return nil
}

// firejailEgressProblems are those of a sandbox of firejail's. Root connects its network
// namespace, and for anybody else the runner answers connect(2).
func (h Host) firejailEgressProblems() []Problem {
	if h.Caller.UID != 0 {
		return h.mediationProblems()
	}
	return gatewayProblems()
}

// gatewayProblems are those of a gateway beside a set-uid firejail: that loses its
// privilege in a user namespace, so that the namespaces have to be made without one.
func gatewayProblems() []Problem {
	ns, err := gatewayns.New()
	if err == nil {
		ns.Close()
		return nil
	}
	return []Problem{{
		Message: "this caller cannot make a network namespace for the gateway", Found: err.Error(),
		Expected: "CAP_SYS_ADMIN and CAP_NET_ADMIN",
		Instead:  []string{"grant the container: --cap-add SYS_ADMIN --cap-add NET_ADMIN"},
	}}
}
