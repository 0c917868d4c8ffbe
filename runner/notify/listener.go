//go:build linux

package notify

import (
	"net"
	"net/netip"
	"sync"

	"confine/runner/egress"
)

// entrance is a listener of the gateway's that is no socket.
type entrance struct {
	broker *Broker
	at     netip.AddrPort
	conns  chan *net.TCPConn
	closed chan struct{}
	once   sync.Once
}

// ListenTCP makes an address one that can be connected to.
func (b *Broker) ListenTCP(at netip.AddrPort) (egress.Listener, error) {
	e := &entrance{broker: b, at: at, conns: make(chan *net.TCPConn), closed: make(chan struct{})}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.entrances[at] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: errInUse}
	}
	b.entrances[at] = e
	return e, nil
}

// ListenUDP says that there is none.
func (b *Broker) ListenUDP(netip.AddrPort) (*net.UDPConn, error) { return nil, nil }

// AcceptTCP gives the next connection.
func (e *entrance) AcceptTCP() (*net.TCPConn, error) {
	select {
	case conn := <-e.conns:
		return conn, nil
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

// Close makes the address one that nothing listens at.
func (e *entrance) Close() error {
	e.once.Do(func() {
		e.broker.mutex.Lock()
		defer e.broker.mutex.Unlock()
		delete(e.broker.entrances, e.at)
		close(e.closed)
	})
	return nil
}

// enter gives a connection to whoever accepts, and reports whether anybody did.
func (e *entrance) enter(conn *net.TCPConn) bool {
	select {
	case e.conns <- conn:
		return true
	case <-e.closed:
		_ = conn.SetLinger(0)
		_ = conn.Close()
		return false
	}
}

// entrance finds the listener for an address.
func (b *Broker) entrance(at netip.AddrPort) *entrance {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.entrances[at]
}
