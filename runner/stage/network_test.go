//go:build linux

package stage

import (
	"net"
	"os"
	"syscall"
	"testing"

	"confine/compiler"
	"confine/policy"
)

func listeners(t *testing.T) Listeners {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	abstract, err := net.Listen("unix", "@confine-stage-network")
	must(t, err)
	t.Cleanup(func() {
		_ = tcp.Close()
		_ = abstract.Close()
	})
	return Listeners{TCP: tcp.Addr().String(), Abstract: "confine-stage-network"}
}

func TestCheckNetworkOnTheHost(t *testing.T) {
	l := listeners(t)
	host := checkNetwork(compiler.Expectation{Network: policy.NetworkHost}, l, Controls{Reach: Reach{TCP: true, Abstract: true}})
	if len(host) != 1 {
		t.Fatalf("got %+v", host)
	}
	expectCheck(t, host[0], Proven, "reached")
	none := checkNetwork(compiler.Expectation{Network: policy.NetworkNone}, l, Controls{Reach: Reach{TCP: true, Abstract: true}})
	expectCheck(t, none[0], Failed, "reached")
	expectCheck(t, none[1], Failed, "reached")
}

func TestCheckNetworkInANamespaceOfItsOwn(t *testing.T) {
	// The listeners are the calling test's; the process apart is told of them.
	const variable = "CONFINE_TEST_TCP"
	l := Listeners{TCP: os.Getenv(variable), Abstract: "confine-stage-network"}
	if l.TCP == "" {
		l = listeners(t)
		t.Setenv(variable, l.TCP)
	}
	if _, inside := apart(t, syscall.CLONE_NEWNET); !inside {
		return
	}
	e := compiler.Expectation{Network: policy.NetworkNone}
	checks := checkNetwork(e, l, Controls{Reach: Reach{TCP: true, Abstract: true}})
	expectCheck(t, checks[0], Proven, "not reached")
	expectCheck(t, checks[1], Proven, "not reached")
	expectCheck(t, checks[2], Proven, "lo")
	// What the launcher could not reach either proves nothing.
	checks = checkNetwork(e, l, Controls{})
	expectCheck(t, checks[0], Unproven, "not reached")
	expectCheck(t, checks[1], Unproven, "not reached")
	expectCheck(t, checkNetwork(compiler.Expectation{Network: policy.NetworkHost}, l, Controls{Reach: Reach{TCP: true}})[0], Failed, "not reached")
}
