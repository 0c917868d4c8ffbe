//go:build linux

package stage

import (
	"errors"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// checkUnwrappedNetwork connects to the runner's own listeners, by calls of this thread
// alone: no other is under the guard.
func checkUnwrappedNetwork(e compiler.Expectation, listeners Listeners, reach Reach) []Check {
	at := func(subject, expected string, err error) Check {
		found := "not reached"
		if err == nil {
			found = "reached"
		}
		return equal(policy.ClauseNetworkMode, subject, e.NetworkAt, expected, found)
	}
	expected := "not reached"
	if e.Network == policy.NetworkHost {
		expected = "reached"
	}
	checks := []Check{
		proveBy(at("connect to the host's loopback", expected, connectHere(listeners.TCP)), reach.TCP),
		proveBy(at("connect to an abstract unix socket of the host", "not reached", connectAbstractHere(listeners.Abstract)), reach.Abstract),
	}
	if e.Network == policy.NetworkHost || listeners.Host == "" {
		return checks
	}
	err := connectHere(listeners.Host)
	if errors.Is(err, unix.ECONNREFUSED) && !e.Unwrapped.Mediated {
		err = nil // an answer of the host's
	}
	return append(checks, proveBy(at("connect to the host's own address", "not reached", err), reach.Host))
}

// connectHere connects to an address of IPv4 with a port, without the Go runtime's own
// network code.
func connectHere(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return connectAs(unix.AF_INET, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
}

func connectAbstractHere(name string) error {
	return connectAs(unix.AF_UNIX, &unix.SockaddrUnix{Name: "@" + name})
}

func connectAs(family int, to unix.Sockaddr) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return os.NewSyscallError("connect", unix.Connect(fd, to))
}
