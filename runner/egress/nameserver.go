//go:build linux

package egress

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

const (
	// maxQuery is longer than any query for one name.
	maxQuery = 4096
	// udpWorkers is how many queries by UDP are answered at one time.
	udpWorkers = 4
	// maxSessions is how many TCP connections to the name server there are at one time,
	// and sessionIdle how long one may take for one query.
	maxSessions = 64
	sessionIdle = 10 * time.Second
)

// openNameServer answers by TCP, and by UDP where there is any.
func (g *Gateway) openNameServer() error {
	at := netip.AddrPortFrom(g.config.Gateway.Nameserver(), DNSPort)
	udp, err := g.config.Opener.ListenUDP(at)
	if err != nil {
		return fmt.Errorf("open the name server: %w", err)
	}
	if udp != nil {
		g.keep(udp)
		for range udpWorkers {
			g.start(func() { g.answerDatagrams(udp) })
		}
	}
	tcp, err := g.config.Opener.ListenTCP(at)
	if err != nil {
		return fmt.Errorf("open the name server: %w", err)
	}
	g.keep(tcp)
	g.start(func() { g.acceptSessions(tcp) })
	return nil
}

// answerDatagrams answers one query after the other.
func (g *Gateway) answerDatagrams(conn *net.UDPConn) {
	buf := make([]byte, maxQuery)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			g.pause(backOff)
			continue
		}
		if a := answer(buf[:n], g.resolve); a != nil {
			// Whoever went away asks again, or nobody does.
			_, _ = conn.WriteToUDPAddrPort(a, from)
		}
	}
}

// acceptSessions serves TCP connections. One too many is closed at once.
func (g *Gateway) acceptSessions(l Listener) {
	slots := make(chan struct{}, maxSessions)
	for {
		conn, err := l.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			g.pause(backOff)
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			_ = conn.Close()
			continue
		}
		if !g.keep(conn) || !g.start(func() { g.session(conn); <-slots }) {
			g.drop(conn)
			return
		}
	}
}

// session answers the queries of one connection. Each has its length before it
// (RFC 1035, 4.2.2).
func (g *Gateway) session(conn *net.TCPConn) {
	defer g.drop(conn)
	var length [2]byte
	for {
		if conn.SetDeadline(time.Now().Add(sessionIdle)) != nil {
			return
		}
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		size := binary.BigEndian.Uint16(length[:])
		if size > maxQuery {
			return
		}
		query := make([]byte, size)
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		a := answer(query, g.resolve)
		if a == nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)); err != nil {
			return
		}
	}
}
