//go:build linux

package egress

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// packet is what the headers of one say.
type packet struct {
	to netip.Addr
	// port is 0 where the protocol has none.
	port uint16
	// protocol is as in [Event].
	protocol string
}

// readPacket reads a packet from its IP header on. ok is false for one that is nobody's
// attempt to reach anything: what kernels send by themselves, the later fragments of a
// packet, and what is no IP.
func readPacket(b []byte) (p packet, ok bool) {
	if len(b) == 0 {
		return p, false
	}
	switch b[0] >> 4 {
	case 4:
		return readIPv4(b)
	case 6:
		return readIPv6(b)
	}
	return p, false
}

// The headers of RFC 791.
func readIPv4(b []byte) (p packet, ok bool) {
	const shortest = 20
	if len(b) < shortest {
		return p, false
	}
	header := int(b[0]&0xf) * 4
	if header < shortest || len(b) < header {
		return p, false
	}
	const offset = 0x1fff
	if binary.BigEndian.Uint16(b[6:])&offset != 0 {
		return p, false
	}
	p.to = netip.AddrFrom4([4]byte(b[16:20]))
	return readTransport(p, b[9], b[header:])
}

// The headers of RFC 8200.
func readIPv6(b []byte) (p packet, ok bool) {
	const header = 40
	if len(b) < header {
		return p, false
	}
	p.to = netip.AddrFrom16([16]byte(b[24:40]))
	next, rest := b[6], b[header:]
	for {
		size := 8
		switch next {
		case unix.IPPROTO_HOPOPTS, unix.IPPROTO_ROUTING, unix.IPPROTO_DSTOPTS:
			if len(rest) < size {
				return p, false
			}
			size += int(rest[1]) * 8
		case unix.IPPROTO_FRAGMENT:
			if len(rest) < size || binary.BigEndian.Uint16(rest[2:])>>3 != 0 {
				return p, false
			}
		default:
			return readTransport(p, next, rest)
		}
		if len(rest) < size {
			return p, false
		}
		next, rest = rest[0], rest[size:]
	}
}

func readTransport(p packet, protocol uint8, b []byte) (packet, bool) {
	switch protocol {
	case unix.IPPROTO_TCP:
		const flags, begin, syn = 13, 0x12, 0x02
		if len(b) <= flags || b[flags]&begin != syn {
			return p, false
		}
		p.port = binary.BigEndian.Uint16(b[2:])
		return p, true
	case unix.IPPROTO_UDP:
		p.protocol = "udp"
		if len(b) >= 4 {
			p.port = binary.BigEndian.Uint16(b[2:])
		}
		return p, true
	case unix.IPPROTO_ICMP:
		p.protocol = "icmp"
		return p, len(b) > 0 && !reportedIPv4(b[0])
	case unix.IPPROTO_ICMPV6:
		p.protocol = "icmp"
		return p, len(b) > 0 && !reportedIPv6(b[0])
	case unix.IPPROTO_IGMP, unix.IPPROTO_NONE:
		return p, false
	}
	p.protocol = "IP protocol " + strconv.Itoa(int(protocol))
	return p, true
}

// reportedIPv4 are the types of ICMP by which a kernel says that it cannot deliver: an
// answer of the name server to somebody who has gone, for example.
func reportedIPv4(kind uint8) bool {
	const unreachable, timeExceeded, parameterProblem = 3, 11, 12
	return kind == unreachable || kind == timeExceeded || kind == parameterProblem
}

// reportedIPv6 are the same (RFC 4443), and the discovery of routers, neighbours and
// listeners (RFC 4861, 2710, 3810).
func reportedIPv6(kind uint8) bool {
	const lastError, firstListener, lastDiscovery, listener2 = 127, 130, 137, 143
	return kind <= lastError || firstListener <= kind && kind <= lastDiscovery || kind == listener2
}
