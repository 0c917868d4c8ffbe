//go:build linux

package stage

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

// mediatedExpectation is what a stage expects where the runner answers connect(2) and something wraps it.
func mediatedExpectation() compiler.Expectation {
	n := policy.Network{Mode: policy.NetworkEgress}
	return compiler.Expectation{
		Network: n.Mode, Gateway: compiler.GatewayOf(n), Guard: &compiler.Guard{Mediated: true},
	}
}

// Under a wrapper the network has no link and leads nowhere, whatever the guard does.
func TestCheckNetworkMediated(t *testing.T) {
	const variable = "CONFINE_TEST_TCP"
	l := Listeners{TCP: os.Getenv(variable), Abstract: "confine-stage-network"}
	if l.TCP == "" {
		l = listeners(t)
		reach := Controls{Reach: Reach{TCP: true, Abstract: true}}
		here := checkNetwork(mediatedExpectation(), l, reach)
		expectCheck(t, here[0], Failed, "reached")
		expectCheck(t, here[1], Failed, "reached")
		t.Setenv(variable, l.TCP)
	}
	if _, inside := apart(t, syscall.CLONE_NEWNET); !inside {
		return
	}
	checks := checkNetwork(mediatedExpectation(), l, Controls{Reach: Reach{TCP: true, Abstract: true}})
	if len(checks) != 3 {
		t.Fatalf("%+v", checks)
	}
	expectCheck(t, checks[0], Proven, "not reached")
	expectCheck(t, checks[1], Proven, "not reached")
	expectCheck(t, checks[2], Proven, "lo")
}

// A guard that the runner does not answer for, or that is not there, is found out: whatever
// is not connected to a gateway fails, and so does what is connected otherwise.
func TestCheckGuardedNetworkWithoutGuard(t *testing.T) {
	e := mediatedExpectation()
	checks := checkGuardedNetwork(e, listeners(t), Reach{TCP: true, Abstract: true})
	expectCheck(t, checks[0], Failed, "reached")
	failed := 0
	for _, c := range checks {
		if c.Status == Failed {
			failed++
		}
	}
	if failed < 3 {
		t.Errorf("%d failed of %+v", failed, checks)
	}
	for _, c := range checks {
		if !strings.HasSuffix(c.Subject, " under the guard") {
			t.Errorf("subject %q, which the check without the guard has too", c.Subject)
		}
	}
}

// Landlock closes TCP to the program's own calls, but for a policy whose program makes its
// connections itself.
func TestApplyLandlockMediated(t *testing.T) {
	for name, e := range map[string]compiler.Expectation{"mediated": mediatedExpectation(), "not": {}} {
		t.Run(name, func(t *testing.T) {
			if _, inside := apart(t, 0); !inside {
				return
			}
			tcp, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			version, err := applyLandlock(e)
			must(t, err)
			err = connectTCP(tcp.Addr().String())
			if closed := e.Mediated() && version >= 4; errors.Is(err, unix.EACCES) != closed || !closed && err != nil {
				t.Errorf("connect: %v", err)
			}
		})
	}
}

// Of all filters of a process one has a listener: where that is somebody else's, the launch
// says so.
func TestLoadGuardBesideAListener(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	runtime.LockOSThread() // and never unlocked: the thread is to end with its filter
	allow := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: uint32(syscalls.Allow)}}
	if fd, err := loadGuard(allow, true); err != nil || fd < 0 {
		t.Fatalf("descriptor %d, %v", fd, err)
	}
	if fd, err := loadGuard(allow, false); err != nil || fd != -1 {
		t.Errorf("without a listener: descriptor %d, %v", fd, err)
	}
	_, err := loadGuard(allow, true)
	if !errors.Is(err, unix.EBUSY) || !strings.Contains(err.Error(), "one listener") {
		t.Errorf("a second listener: %v", err)
	}
}
