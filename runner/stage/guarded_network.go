//go:build linux

package stage

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// checkGuardedNetwork connects to the runner's own listeners, by calls of this thread
// alone: no other is under the guard.
func checkGuardedNetwork(e compiler.Expectation, listeners Listeners, reach Reach) []Check {
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
	if e.Network != policy.NetworkHost && listeners.Host != "" {
		err := connectHere(listeners.Host)
		if errors.Is(err, unix.ECONNREFUSED) && !e.Mediated() {
			err = nil // an answer of the host's
		}
		checks = append(checks, proveBy(at("connect to the host's own address", "not reached", err), reach.Host))
	}
	if e.Mediated() {
		checks = append(checks, checkMediated(e)...)
	}
	if e.Unwrapped == nil {
		// The first of them were tried without the guard too, and say what the wrapper does.
		for i := range checks {
			checks[i].Subject += " under the guard"
		}
	}
	return checks
}

// checkMediated shows that the runner answers connect(2), and how.
func checkMediated(e compiler.Expectation) []Check {
	at := func(to netip.AddrPort, expected unix.Errno) Check {
		found := connected
		if err := connectHere(to.String()); err != nil {
			found = unix.ErrnoName(errno(err))
		}
		return equal(policy.ClauseNetworkMode, "connect to "+to.String(), e.NetworkAt, unix.ErrnoName(expected), found)
	}
	checks := []Check{checkNames(e)}
	for _, port := range gatewayPorts {
		checks = append(checks, at(netip.AddrPortFrom(e.Gateway.Nameserver(), port), unix.ECONNREFUSED))
	}
	if ip := netip.MustParseAddr(metadata); !e.Gateway.Reaches(ip) {
		checks = append(checks, at(netip.AddrPortFrom(ip, 80), unix.ENETUNREACH))
	}
	return checks
}

// lookUpHere asks a name server by TCP, where each message has its length before it (RFC
// 1035, 4.2.2).
func lookUpHere(server netip.AddrPort, query []byte) (netip.Addr, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, err
	}
	conn := os.NewFile(uintptr(fd), "name server")
	defer func() { _ = conn.Close() }()
	limit := unix.NsecToTimeval(connectTimeout.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return netip.Addr{}, err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: server.Addr().As4(), Port: int(server.Port())}); err != nil {
		return netip.Addr{}, os.NewSyscallError("connect", err)
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		return netip.Addr{}, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return netip.Addr{}, err
	}
	answer := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return netip.Addr{}, err
	}
	return readAnswer(answer)
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
