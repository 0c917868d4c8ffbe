//go:build linux

package notify

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// The shortest addresses that connect(2) takes; that of IPv6 may lack sin6_scope_id.
const (
	minFamily = 2
	minInet   = 16
	minInet6  = 24
)

// where reads an address for a socket, in the form of sockaddr(3type), with the kernel's
// errors. AF_UNSPEC, which would disconnect, is no address: of a connected socket nothing
// is kept by which it could be connected again.
func (k kind) where(address []byte) (netip.AddrPort, error) {
	var none netip.AddrPort
	if len(address) < minFamily {
		return none, unix.EINVAL
	}
	family := binary.NativeEndian.Uint16(address)
	switch {
	case family == unix.AF_UNSPEC:
		return none, unix.EAFNOSUPPORT
	case k.six && len(address) < minInet6, !k.six && len(address) < minInet:
		return none, unix.EINVAL
	case k.six != (family == unix.AF_INET6), !k.six && family != unix.AF_INET:
		return none, unix.EAFNOSUPPORT
	}
	port := binary.BigEndian.Uint16(address[2:])
	if !k.six {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(address[4:8])), port), nil
	}
	ip := netip.AddrFrom16([16]byte(address[8:24]))
	if ip.Is4In6() && k.only {
		return none, unix.ENETUNREACH
	}
	return netip.AddrPortFrom(ip, port), nil
}
