//go:build linux

package notify

import (
	"errors"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kind is what matters of a TCP socket.
type kind struct {
	// six is that its addresses are of AF_INET6, and only that no IPv4 address is mapped
	// into them.
	six, only bool
}

// inspect gives the kind of a TCP socket, and an error for anything else.
func inspect(fd int) (kind, error) {
	family, err := option(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return kind{}, err
	}
	if family != unix.AF_INET && family != unix.AF_INET6 {
		return kind{}, unix.EACCES
	}
	for name, want := range map[int]int{unix.SO_TYPE: unix.SOCK_STREAM, unix.SO_PROTOCOL: unix.IPPROTO_TCP} {
		found, err := option(fd, unix.SOL_SOCKET, name)
		if err != nil {
			return kind{}, err
		}
		if found != want {
			return kind{}, unix.EACCES
		}
	}
	k := kind{six: family == unix.AF_INET6}
	if k.six {
		only, err := option(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
		if err != nil {
			return kind{}, err
		}
		k.only = only != 0
	}
	return k, nil
}

// bends are the options by which a socket's packets go elsewhere than to its peer's
// address, or later than connect(2). The filter denies to set them.
var bends = []struct{ level, name int }{
	{unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX},
	{unix.IPPROTO_IP, unix.IP_OPTIONS},
	{unix.IPPROTO_IPV6, unix.IPV6_RTHDR},
	{unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT},
}

// straight refuses a socket with one of the bends, or of another network namespace, whose
// loopback is not this one.
func straight(fd int, namespace uint64) error {
	own, err := namespaceOf(fd)
	if err != nil {
		return err
	}
	if own != namespace {
		return unix.EACCES
	}
	for _, bend := range bends {
		// What an option of several bytes has in its first four is never 0.
		set, err := option(fd, bend.level, bend.name)
		if errors.Is(err, unix.ENOPROTOOPT) || errors.Is(err, unix.EOPNOTSUPP) {
			continue // of another family than the socket's
		}
		if err != nil {
			return err
		}
		if set != 0 {
			return unix.EACCES
		}
	}
	return nil
}

func option(fd, level, name int) (int, error) { return unix.GetsockoptInt(fd, level, name) }

// namespaceOf gives a number that the network namespace of a socket has as long as the
// kernel runs.
func namespaceOf(fd int) (uint64, error) {
	return unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
}

// ends are the addresses of both ends of a connected socket, without the form of IPv4 in
// IPv6.
func ends(fd int) (own, peer netip.AddrPort, err error) {
	there, err := unix.Getpeername(fd)
	if err != nil {
		return own, peer, err
	}
	here, err := unix.Getsockname(fd)
	return plain(here), plain(there), err
}

func plain(s unix.Sockaddr) netip.AddrPort {
	switch s := s.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(s.Addr), uint16(s.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(s.Addr).Unmap(), uint16(s.Port))
	}
	return netip.AddrPort{}
}

// disconnect makes a socket one that was never connected, see AF_UNSPEC in connect(2).
func disconnect(fd int) error {
	var none unix.RawSockaddr // its family, 0, is AF_UNSPEC
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&none)), unsafe.Sizeof(none))
	if errno != 0 {
		return errno
	}
	return nil
}
