//go:build linux

package runner

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/gatewayns"
)

// keepGateway connects the keeper's network namespace, which becomes the guest's, to one
// that it makes for the gateway, and serves the runner from there until the end.
func keepGateway(gateway *compiler.Gateway) error {
	if gateway == nil {
		return nil
	}
	ns, err := makeGatewayNamespace(*gateway)
	if err != nil {
		return err
	}
	unix.CloseOnExec(keeperGatewayFD)
	go ns.Serve(keeperGatewayFD)
	return nil
}

func makeGatewayNamespace(gateway compiler.Gateway) (*gatewayns.Namespace, error) {
	ns, err := gatewayns.New()
	if err != nil {
		return nil, err
	}
	own, err := gatewayns.Of(os.Getpid())
	if err != nil {
		return nil, fmt.Errorf("take hold of the guest's network namespace: %w", err)
	}
	defer own.Close()
	if err := ns.Connect(own, gateway); err != nil {
		return nil, err
	}
	return ns, ns.IgnoreEcho()
}

// keeperGatewayTrialArgument makes the binary a keeper that only tries its namespaces, and
// a gateway's.
const keeperGatewayTrialArgument = "__keep-gateway-trial"

// keeperGatewayTrialMain prints what a keeper with a gateway could not do.
func keeperGatewayTrialMain() int {
	err := makeKeeperRoot()
	if err == nil {
		_, err = makeGatewayNamespace(*compiler.GatewayOf(policy.Network{Mode: policy.NetworkEgress}))
	}
	return tried(err)
}

// allCapabilities are those that this kernel has.
func allCapabilities() []uintptr {
	var all []uintptr
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err == nil {
			all = append(all, c)
		}
	}
	return all
}
