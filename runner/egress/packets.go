//go:build linux

package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// packetRoom is more than the headers that are looked at.
const packetRoom = 256

// packets tells of what the kernel refuses by itself, because nothing listens for it.
type packets struct {
	raw   syscall.RawConn
	judge func(packet)
	buf   [packetRoom]byte
	// mutex is held from the read of a packet until it is judged.
	mutex sync.Mutex
}

func newPackets(from *os.File, judge func(packet)) (*packets, error) {
	raw, err := from.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("read packets: %w", err)
	}
	return &packets{raw: raw, judge: judge}, nil
}

// read judges packets until the socket is closed, or its link is gone.
func (p *packets) read() {
	for {
		gone := false
		err := p.raw.Read(func(fd uintptr) bool {
			found, err := p.one(int(fd), p.judge)
			gone = err != nil
			return found || gone
		})
		if err != nil || gone {
			return
		}
	}
}

// drop takes what is there, and judges none of it.
func (p *packets) drop() {
	_ = p.raw.Control(func(fd uintptr) {
		for found := true; found; {
			found, _ = p.one(int(fd), func(packet) {})
		}
	})
}

// one reads a packet, if there is one.
func (p *packets) one(fd int, judge func(packet)) (found bool, err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	n, err := unix.Read(fd, p.buf[:])
	switch {
	case errors.Is(err, unix.EAGAIN):
		return false, nil
	case errors.Is(err, unix.EINTR):
		return true, nil
	case err != nil:
		return false, err
	}
	if told, ok := readPacket(p.buf[:n]); ok {
		judge(told)
	}
	return true, nil
}

// Attempt tells of a TCP connection for which nothing listens, where that makes no packet.
func (g *Gateway) Attempt(at netip.AddrPort) { g.judgePacket(packet{to: at.Addr(), port: at.Port()}) }

func (g *Gateway) judgePacket(p packet) {
	at := netip.AddrPortFrom(p.to, p.port)
	tcp := p.protocol == ""
	if at == netip.AddrPortFrom(g.config.Gateway.Nameserver(), DNSPort) && (tcp || p.protocol == "udp") {
		return
	}
	name, listens := g.names.host(at)
	if tcp && (listens || g.literals[at]) {
		return
	}
	e := Event{Kind: KindPacket, Verdict: Denied, Host: name, Port: p.port, Protocol: p.protocol, At: g.config.Network.At}
	if name == "" {
		e.Host = p.to.String()
	}
	e.Because = becauseNoTCP
	if tcp {
		e.Because = g.becausePort(e.Host)
		if name == "" {
			e.Alias = g.aliasOf(at)
		}
	}
	g.journal.count(e, laneOther)
}
