//go:build linux

package integration

import (
	"fmt"
	"net"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// networkWorlds reach for listeners of the test on the machine's loopback, and
// for nothing else.
func networkWorlds(t *testing.T) []world {
	ipv4, ipv6, other := listener(t, "127.0.0.1"), listener(t, "::1"), listener(t, "127.77.1.2")
	_, port, err := net.SplitHostPort(ipv4)
	if err != nil {
		t.Fatal(err)
	}
	server := nameServer(t)
	attempts := []attempt{
		{access: "connect " + ipv4},
		{access: "connect " + ipv6},
		{access: "connect " + other},
		{access: "connect localhost:" + port},
		{access: "connect " + server},
		{access: "resolve localhost"},
		{access: "resolve confine.test", deed: "lookup confine.test " + server},
	}
	var worlds []world
	for _, mode := range []string{"", "mode = \"none\"\n", "mode = \"host\"\n"} {
		w := world{name: "network default", attempts: attempts}
		filesystem := ""
		if mode != "" {
			w.name = "network " + mode[len(`mode = "`):len(mode)-2]
		}
		if w.name == "network host" {
			filesystem = `read = ["/etc/hosts"]`
		}
		w.policy = accessPolicy(t, nil, nil, filesystem, "[network]\n"+mode)
		worlds = append(worlds, w)
	}
	return append(worlds, world{
		name:   "names in a file",
		policy: accessPolicy(t, nil, nil, `read = ["/etc/hosts"]`, ""),
		attempts: []attempt{
			{access: "read /etc/hosts"},
			{
				deed: "resolve localhost", clause: "filesystem.read", inside: "ok",
				because: "a file that can be read names it; Decide only knows the network",
			},
			{access: "resolve confine.test", deed: "lookup confine.test " + server},
		},
	})
}

// listener takes TCP connections, and answers datagrams on the same port.
func listener(t *testing.T, host string) string {
	t.Helper()
	tcp, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	udp := datagrams(t, tcp.Addr().String(), func(question []byte) []byte { return question })
	return udp
}

// datagrams answers every datagram until the test ends, and gives its address.
func datagrams(t *testing.T, address string, answer func([]byte) []byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(answer(buf[:n]), from)
		}
	}()
	return conn.LocalAddr().String()
}

// nameServer answers any name with an address of its own machine. It also takes
// TCP connections, as name servers do.
func nameServer(t *testing.T) string {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	return datagrams(t, tcp.Addr().String(), func(data []byte) []byte {
		var m dnsmessage.Message
		if err := m.Unpack(data); err != nil || len(m.Questions) == 0 {
			return data // no question, but an attempt to connect
		}
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		packed, err := m.Pack()
		if err != nil {
			return fmt.Appendf(nil, "%v", err)
		}
		return packed
	})
}
