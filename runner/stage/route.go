//go:build linux

package stage

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// routeOf words a route that can lead out of the namespace, or gives "".
func routeOf(m *syscall.NetlinkMessage, loopback int) string {
	if len(m.Data) < unix.SizeofRtMsg {
		return "malformed"
	}
	header := (*unix.RtMsg)(unsafe.Pointer(&m.Data[0]))
	if header.Type != unix.RTN_UNICAST {
		return ""
	}
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return "malformed: " + err.Error()
	}
	to, via := netip.IPv4Unspecified(), netip.Addr{}
	if header.Family == unix.AF_INET6 {
		to = netip.IPv6Unspecified()
	}
	for _, a := range attributes {
		switch a.Attr.Type {
		case unix.RTA_DST:
			if ip, ok := netip.AddrFromSlice(a.Value); ok {
				to = ip
			}
		case unix.RTA_GATEWAY:
			via, _ = netip.AddrFromSlice(a.Value)
		case unix.RTA_OIF:
			if len(a.Value) == 4 && int(binary.NativeEndian.Uint32(a.Value)) == loopback {
				return ""
			}
		}
	}
	text := netip.PrefixFrom(to, int(header.Dst_len)).String()
	if via.IsValid() {
		text += " via " + via.String()
	}
	return text
}
