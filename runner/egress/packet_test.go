//go:build linux

package egress

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// ip4 makes an IPv4 packet with options, of a multiple of four octets.
func ip4(to string, protocol byte, offset uint16, options int, rest ...byte) []byte {
	b := make([]byte, 20+options)
	b[0] = 0x40 | byte(5+options/4)
	binary.BigEndian.PutUint16(b[6:], offset)
	b[9] = protocol
	a := netip.MustParseAddr(to).As4()
	copy(b[16:], a[:])
	return append(b, rest...)
}

// ip6 makes an IPv6 packet.
func ip6(to string, next byte, rest ...byte) []byte {
	b := make([]byte, 40)
	b[0], b[6] = 0x60, next
	a := netip.MustParseAddr(to).As16()
	copy(b[24:], a[:])
	return append(b, rest...)
}

// segment makes the header of TCP.
func segment(port uint16, flags byte) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b[2:], port)
	b[12], b[13] = 5<<4, flags
	return b
}

// datagram makes the header of UDP.
func datagram(port uint16) []byte {
	b := make([]byte, 8)
	binary.BigEndian.PutUint16(b[2:], port)
	return b
}

func TestReadPacket(t *testing.T) {
	const four, six = "198.19.0.1", "2001:db8::7"
	hop := func(next byte, size byte, rest ...byte) []byte {
		return append(append([]byte{next, size}, make([]byte, 6+8*int(size))...), rest...)
	}
	fragment := func(next byte, offset uint16, rest ...byte) []byte {
		b := make([]byte, 8)
		b[0] = next
		binary.BigEndian.PutUint16(b[2:], offset<<3|1)
		return append(b, rest...)
	}
	tests := []struct {
		name string
		b    []byte
		want string // empty: not told
	}{
		{"nothing", nil, ""},
		{"neither version", []byte{0x50, 0, 0}, ""},
		{"SYN", ip4(four, 6, 0, 0, segment(22, 2)...), four + ":22 "},
		{"SYN with options of IP", ip4(four, 6, 0, 40, segment(22, 2)...), four + ":22 "},
		{"SYN with ECN", ip4(four, 6, 0, 0, segment(22, 0xc2)...), four + ":22 "},
		{"SYN and ACK", ip4(four, 6, 0, 0, segment(22, 0x12)...), ""},
		{"ACK", ip4(four, 6, 0, 0, segment(22, 0x10)...), ""},
		{"short TCP", ip4(four, 6, 0, 0, segment(22, 2)[:13]...), ""},
		{"later fragment", ip4(four, 6, 1, 0, segment(22, 2)...), ""},
		{"first fragment", ip4(four, 17, 0x2000, 0, datagram(9)...), four + ":9 udp"},
		{"UDP", ip4(four, 17, 0, 0, datagram(443)...), four + ":443 udp"},
		{"short UDP", ip4(four, 17, 0, 0, 1, 2), four + ":0 udp"},
		{"echo", ip4(four, 1, 0, 0, 8), four + ":0 icmp"},
		{"port unreachable", ip4(four, 1, 0, 0, 3), ""},
		{"empty ICMP", ip4(four, 1, 0, 0), ""},
		{"IGMP", ip4(four, 2, 0, 0, 0x16), ""},
		{"SCTP", ip4(four, 132, 0, 0, 1), four + ":0 IP protocol 132"},
		{"half a header", ip4(four, 6, 0, 0)[:19], ""},
		{"a header that is too short", append([]byte{0x44}, make([]byte, 30)...), ""},
		{"options that are missing", ip4(four, 6, 0, 40)[:59], ""},
		{"SYN by IPv6", ip6(six, 6, segment(22, 2)...), "[" + six + "]:22 "},
		{"UDP by IPv6", ip6(six, 17, datagram(53)...), "[" + six + "]:53 udp"},
		{"echo by IPv6", ip6(six, 58, 128), "[" + six + "]:0 icmp"},
		{"neighbour solicitation", ip6("ff02::1", 58, 135), ""},
		{"router solicitation", ip6("ff02::2", 58, 133), ""},
		{"MLD", ip6("ff02::16", 0, hop(58, 0, 143)...), ""},
		{"unreachable by IPv6", ip6(six, 58, 1), ""},
		{"echo behind options", ip6(six, 0, hop(60, 2, hop(58, 0, 128)...)...), "[" + six + "]:0 icmp"},
		{"first fragment by IPv6", ip6(six, 44, fragment(17, 0, datagram(9)...)...), "[" + six + "]:9 udp"},
		{"later fragment by IPv6", ip6(six, 44, fragment(17, 1, datagram(9)...)...), ""},
		{"options that end too early", ip6(six, 0, 6, 200), ""},
		{"options longer than the packet", ip6(six, 0, hop(6, 3)[:20]...), ""},
		{"no next header", ip6(six, 59), ""},
		{"ESP", ip6(six, 50, 1), "[" + six + "]:0 IP protocol 50"},
		{"half a header of IPv6", ip6(six, 6)[:39], ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if p, ok := readPacket(tt.b); ok {
				got = netip.AddrPortFrom(p.to, p.port).String() + " " + p.protocol
			}
			if got != tt.want {
				t.Errorf("read %q, expected %q", got, tt.want)
			}
		})
	}
}

// packetPipe gives each packet that is sent to it.
func packetPipe(t *testing.T) (*os.File, func([]byte)) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	in, out := os.NewFile(uintptr(ends[0]), "packets"), os.NewFile(uintptr(ends[1]), "sandbox")
	t.Cleanup(func() { in.Close(); out.Close() })
	return in, func(b []byte) {
		// A datagram may be empty, which os.File does not write.
		raw, err := out.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var sent error
		if err := raw.Write(func(fd uintptr) bool {
			sent = unix.Send(int(fd), b, 0)
			return !errors.Is(sent, unix.EAGAIN)
		}); err != nil || sent != nil {
			t.Error(err, sent)
		}
	}
}

// What was tried before the program began is no news, be it still unread.
func TestBegin(t *testing.T) {
	in, send := packetPipe(t)
	w := open(t, network(), func(c *Config) { c.Packets = in })
	w.journal.mutex.Lock()
	w.journal.begun = false
	w.journal.mutex.Unlock()
	w.ask(question(1, "evil.example", 1))
	for range 50 {
		send(ip4("198.18.0.1", 6, 0, 0, segment(22, 2)...))
	}
	w.Begin()
	if all := w.log.events(t); len(all) > 0 || len(w.denied()) > 0 {
		t.Errorf("%+v before the begin", all)
	}
	w.ask(question(1, "evil.example", 1))
	send(ip4("198.18.0.1", 6, 0, 0, segment(23, 2)...))
	w.find("the packet", func(e Event) bool { return e.Kind == KindPacket })
	w.Close()
	for _, e := range w.log.events(t) {
		if e.Port == 22 || e.Times > 0 {
			t.Errorf("%+v", e)
		}
	}
}

func TestPackets(t *testing.T) {
	in, send := packetPipe(t)
	w := open(t, network(), func(c *Config) { c.Packets = in })
	name := w.address("api.example.com").String()
	for range 2 {
		send(ip4(name, 6, 0, 0, segment(22, 2)...))
	}
	send(ip4(name, 6, 0, 0, segment(443, 2)...)) // somebody listens
	send(ip4(name, 17, 0, 0, datagram(443)...))
	send(ip4(name, 1, 0, 0, 8))
	send(ip4("198.19.7.7", 6, 0, 0, segment(443, 2)...))
	send(ip4("198.18.0.1", 6, 0, 0, segment(22, 2)...))
	send(ip4("198.18.0.1", 6, 0, 0, segment(53, 2)...))
	send(ip4("198.18.0.1", 17, 0, 0, datagram(53)...))
	send(ip4("198.18.0.1", 132, 0, 0))
	send(ip4("192.0.2.7", 6, 0, 0, segment(port, 2)...))
	send(ip4("192.0.2.7", 6, 0, 0, segment(443, 2)...))
	send(ip6("2001:db8::7", 6, segment(port, 2)...))
	send(ip6("2001:db8::7", 6, segment(22, 2)...))
	send([]byte("nonsense"))
	send(nil)
	send(ip6("2001:db8::7", 6, segment(23, 2)...))
	w.find("the last packet", func(e Event) bool { return e.Port == 23 })
	w.Close()
	var got []string
	for _, e := range w.log.events(t) {
		if e.Kind == KindPacket {
			got = append(got, fmt.Sprintf("%s %s:%d %s (%s) %d", e.Verdict, e.Host, e.Port, e.Protocol, e.Because, e.Times))
			if e.At.Line != 2 {
				t.Errorf("at %s", e.At)
			}
		}
	}
	want := []string{
		"denied api.example.com:22  (egress names it with ports 443, 444 and 8443) 0",
		"denied api.example.com:443 udp (egress is TCP alone) 0",
		"denied api.example.com:0 icmp (egress is TCP alone) 0",
		"denied 198.19.7.7:443  (not in egress) 0",
		"denied 198.18.0.1:22  (not in egress) 0",
		"denied 198.18.0.1:0 IP protocol 132 (egress is TCP alone) 0",
		"denied 192.0.2.7:443  (egress names it with port 8443) 0",
		"denied 2001:db8::7:22  (egress names it with port 8443) 0",
		"denied 2001:db8::7:23  (egress names it with port 8443) 0",
		"denied api.example.com:22  (egress names it with ports 443, 444 and 8443) 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("log\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := in.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the source of packets is open: %v", err)
	}
}

func FuzzPacket(f *testing.F) {
	f.Add(ip4("198.19.0.1", 6, 0, 0, segment(22, 2)...))
	f.Add(ip4("198.19.0.1", 17, 0, 40, datagram(22)...))
	f.Add(ip6("2001:db8::7", 6, segment(22, 2)...))
	f.Add(ip6("ff02::16", 0, 58, 0, 0, 0, 0, 0, 0, 0, 143))
	f.Add(ip6("2001:db8::7", 44, 17, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := readPacket(b)
		if ok && !p.to.IsValid() {
			t.Errorf("no address in %x", b)
		}
		if ok && p.port != 0 && p.protocol != "" && p.protocol != "udp" {
			t.Errorf("a port of %s in %x", p.protocol, b)
		}
	})
}
