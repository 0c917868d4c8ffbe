//go:build linux

package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"confine/policy"
	"confine/runner/egress/upstream"
)

// backOff is how long nothing is accepted after the process has run out of descriptors or
// memory: the connection stays in the listener's queue, and accepting it again at once
// would fail again.
const backOff = 100 * time.Millisecond

// maxOpen is how many connections there are at one time, whatever the policy says. What
// they cost counts in no limit of the program's: at most all four buffers of each, which is
// 1.5 GiB together.
const maxOpen = 1024

// The buffers of a connection's two sockets, as setsockopt(2) takes them; the kernel keeps
// twice as much, and would let each grow to several MiB by itself. What comes from the
// host is the most, over the longest way.
const (
	bufferFromHost = 512 << 10
	bufferOther    = 128 << 10
)

// bound fixes the buffers of a socket.
func bound(conn *net.TCPConn, receive, send int) {
	_ = conn.SetReadBuffer(receive)
	_ = conn.SetWriteBuffer(send)
}

// destination is what a listener stands for.
type destination struct {
	// host is a name, or the text of literal.
	host    string
	literal netip.Addr
	entry   policy.EgressEntry
	// name is nil for a literal.
	name *name
}

// listen opens a listener and accepts its connections until it is closed.
func (g *Gateway) listen(at netip.AddrPort, to destination) (io.Closer, error) {
	l, err := g.config.Opener.ListenTCP(at)
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", to.entry, err)
	}
	if !g.start(func() { g.accept(l, to) }) {
		_ = l.Close()
		return nil, errClosed
	}
	return l, nil
}

func (g *Gateway) accept(l Listener, to destination) {
	for {
		conn, err := l.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			g.journal.count(Event{
				Kind: KindOpen, Verdict: Failed, Host: to.host, Port: to.entry.Port, At: to.entry.At, Because: upstream.Reason(err),
			}, laneOther)
			g.pause(backOff)
			continue
		}
		g.admit(conn, to)
	}
}

// admit serves a connection within the limits of the policy.
func (g *Gateway) admit(client *net.TCPConn, to destination) {
	n := g.config.Network
	denied := Event{Kind: KindOpen, Verdict: Denied, Host: to.host, Port: to.entry.Port}
	g.mutex.Lock()
	switch {
	case g.closed:
		g.mutex.Unlock()
		reset(client)
		return
	case n.MaxConnections > 0 && uint64(len(g.connections)) >= n.MaxConnections:
		denied.Because, denied.At = fmt.Sprintf("%d connections are open, as many as network.max_connections", n.MaxConnections), n.MaxConnectionsAt
	case g.journal.failure() != nil:
		denied.Because = becauseNoLog
	case len(g.connections) >= maxOpen:
		denied.Because = fmt.Sprintf("%d connections are open, which is all that a gateway holds", maxOpen)
	case g.budget.usedUp():
		denied.Because, denied.At = g.becauseUsedUp(), n.MaxBytesAt
	}
	if denied.Because != "" {
		g.mutex.Unlock()
		reset(client)
		g.journal.count(denied, laneOther)
		return
	}
	defer g.mutex.Unlock()
	g.number++
	bound(client, bufferOther, bufferOther)
	c := &connection{gateway: g, to: to, number: g.number, client: client}
	c.context, c.cancel = context.WithCancel(g.context)
	c.active.Store(g.config.Now().UnixNano())
	g.connections[c] = struct{}{}
	if to.name != nil {
		to.name.connected.Add(1)
	}
	g.group.Go(c.serve)
}

func (g *Gateway) becauseUsedUp() string {
	return fmt.Sprintf("the %d bytes of network.max_bytes are used up", g.config.Network.MaxBytes)
}

// remove forgets a connection that has ended.
func (g *Gateway) remove(c *connection) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	delete(g.connections, c)
	if c.to.name != nil {
		c.to.name.connected.Add(-1)
	}
}

// reset ends a connection in a way that its other end takes for a failure: what was not
// sent is dropped, and RST follows (socket(7), SO_LINGER with a time of 0).
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}
