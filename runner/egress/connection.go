//go:build linux

package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy"
	"confine/runner/egress/inspect"
	"confine/runner/egress/upstream"
)

const (
	// firstLimit is how long the program may take for what is looked at before the host is
	// connected to, and the host for its first answer in TLS.
	firstLimit = time.Minute
	// dialLimit bounds the look-up of a name and connecting to all of its addresses.
	dialLimit = 30 * time.Second
)

// The ports on which a connection to a name says whom it is for.
const (
	portHTTP = 80
	portTLS  = 443
)

// keepAlive finds a peer that is gone without a word, in two to three minutes.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 6}

// connection is one of the sandbox's, and the one to the host that goes with it.
type connection struct {
	gateway *Gateway
	to      destination
	number  uint64
	client  *net.TCPConn
	// context ends when the connection is cut, so that nobody goes on connecting.
	context context.Context
	cancel  context.CancelFunc

	sent, received atomic.Uint64
	// programDone and hostDone say that one side has nothing more to say.
	programDone, hostDone atomic.Bool
	// held says that what is read of the program is looked at before it is passed on.
	held atomic.Bool
	// active is when something went through, in nanoseconds since 1970.
	active atomic.Int64

	mutex sync.Mutex
	// host is nil until it is connected to at address.
	host    *net.TCPConn
	address netip.AddrPort
	// over says that nothing goes through any more, and end why.
	over bool
	end  ending
}

// ending says how a connection ended.
type ending struct {
	verdict Verdict
	because string
	at      policy.Position
}

// serve is the life of a connection.
func (c *connection) serve() {
	defer c.finish()
	_ = c.client.SetKeepAliveConfig(keepAlive)
	switch {
	case c.inspects(portTLS):
		c.serveTLS()
	case c.inspects(portHTTP):
		c.serveHTTP()
	default:
		if c.connect() {
			c.exchange(func() error { return c.flow(c.host, c.client, &c.sent) })
		}
	}
}

// inspects reports whether the connection is looked at as one to a port.
func (c *connection) inspects(port uint16) bool {
	return c.to.name != nil && c.gateway.config.Network.Fronting != policy.FrontingAllow && c.to.entry.Port == port
}

// serveTLS copies a connection once both sides have said hello.
func (c *connection) serveTLS() {
	t := inspect.TLS{Name: c.to.host}
	_ = c.client.SetDeadline(time.Now().Add(firstLimit))
	hello, err := t.Opening(c.client)
	if c.failed(sideProgram, err) || !c.connect() {
		return
	}
	limit := time.Now().Add(firstLimit)
	_ = c.client.SetDeadline(limit)
	_ = c.host.SetDeadline(limit)
	if c.failed(sideHost, c.write(c.host, hello, &c.sent)) {
		return
	}
	answer, retry, err := t.Answer(c.host)
	if c.failed(sideHost, err) || c.failed(sideProgram, c.write(c.client, answer, &c.received)) {
		return
	}
	if retry {
		again, err := t.Again(c.client)
		if c.failed(sideProgram, err) || c.failed(sideHost, c.write(c.host, again, &c.sent)) {
			return
		}
	}
	_ = c.client.SetDeadline(time.Time{})
	_ = c.host.SetDeadline(time.Time{})
	c.exchange(func() error { return c.flow(c.host, c.client, &c.sent) })
}

// serveHTTP looks at every request.
func (c *connection) serveHTTP() {
	h := inspect.NewHTTP(c.to.host, c.client)
	_ = c.client.SetReadDeadline(time.Now().Add(firstLimit))
	if c.failed(sideProgram, h.Opening()) {
		return
	}
	c.held.Store(true)
	if !c.connect() {
		return
	}
	_ = c.client.SetReadDeadline(time.Time{})
	c.exchange(func() error {
		w := &requests{connection: c}
		if err := h.Forward(w); err != nil {
			if w.err != nil {
				return sideError{sideHost, w.err}
			}
			return sideError{sideProgram, err}
		}
		c.programDone.Store(true)
		if err := c.host.CloseWrite(); err != nil {
			return sideError{sideHost, err}
		}
		return nil
	})
}

// requests writes to the host what was looked at.
type requests struct {
	*connection
	err error
}

func (r *requests) Write(p []byte) (int, error) {
	if r.err = r.write(r.host, p, &r.sent); r.err != nil {
		return 0, r.err
	}
	return len(p), nil
}

// connect connects to the host, and reports whether that went well.
func (c *connection) connect() bool {
	ctx, cancel := context.WithTimeout(c.context, dialLimit)
	defer cancel()
	address := netip.AddrPortFrom(c.to.literal, c.to.entry.Port)
	var conn net.Conn
	var err error
	if c.to.name == nil {
		// The policy names the address itself: nothing is special about it.
		conn, err = c.gateway.config.Dial(ctx, address)
	} else {
		conn, address, err = c.gateway.dialer.Connect(ctx, c.to.host, c.to.entry.Port)
	}
	if err != nil {
		var refused *upstream.Refused
		switch {
		case errors.As(err, &refused):
			c.cut(Denied, fmt.Sprintf("its address %s: network.private does not hold it", refused), c.gateway.config.Network.At)
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			c.cut(Failed, fmt.Sprintf("no connection within %s", dialLimit), policy.Position{})
		default:
			c.cut(Failed, err.Error(), policy.Position{})
		}
		return false
	}
	// Nothing but a socket of the kernel's can be spliced.
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		_ = conn.Close()
		c.cut(Failed, fmt.Sprintf("the connection to the host is a %T", conn), policy.Position{})
		return false
	}
	_ = tcp.SetKeepAliveConfig(keepAlive)
	bound(tcp, bufferFromHost, bufferOther)
	if !c.connected(tcp, address) {
		reset(tcp)
		return false
	}
	e := c.event(KindOpen)
	e.Verdict = Allowed
	c.gateway.journal.tell(e)
	if c.gateway.journal.failure() != nil {
		c.cut(Denied, becauseNoLog, c.gateway.config.Network.At)
		return false
	}
	return true
}

// connected takes the connection to the host, unless the whole is over.
func (c *connection) connected(tcp *net.TCPConn, address netip.AddrPort) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.over {
		return false
	}
	c.host, c.address = tcp, address
	c.active.Store(c.gateway.config.Now().UnixNano())
	return true
}

// exchange sends by upload and copies what the host says, until both have nothing more to
// say.
func (c *connection) exchange(upload func() error) {
	var both sync.WaitGroup
	both.Go(func() { c.ended(c.flow(c.client, c.host, &c.received)) })
	c.ended(upload())
	both.Wait()
}

// ended cuts the connection if a direction did not end as it should.
func (c *connection) ended(err error) {
	if err == nil {
		return
	}
	var at sideError
	if errors.As(err, &at) {
		c.failed(at.side, at.error)
		return
	}
	c.failed(sideProgram, err)
}

// side is one of the two whom the gateway stands between.
type side string

const (
	sideProgram side = "the program"
	sideHost    side = "the host"
)

// sideError is a failure of one side's connection.
type sideError struct {
	side
	error
}

func (s sideError) Unwrap() error { return s.error }

// failed cuts the connection for an error, and reports whether there is one.
func (c *connection) failed(of side, err error) bool {
	if err == nil {
		return false
	}
	var v *inspect.Violation
	switch {
	case errors.As(err, &v):
		c.cut(Denied, v.Because, c.gateway.config.Network.At)
	case errors.Is(err, errUsedUp):
		c.gateway.useUp(c)
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.cut(Failed, fmt.Sprintf("%s said nothing for %s", of, firstLimit), policy.Position{})
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		c.cut(Failed, fmt.Sprintf("%s closed it before the end", of), policy.Position{})
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE), errors.Is(err, unix.ENOTCONN):
		c.broken(of)
	default:
		c.cut(Failed, fmt.Sprintf("%s: %s", of, upstream.Reason(err)), policy.Position{})
	}
	return true
}

// broken cuts the connection that one side has reset. A side that has said all it had to
// say and does not listen any more is no failure: clients of TLS close before the host has
// said that it closes too.
func (c *connection) broken(of side) {
	done := &c.programDone
	if of == sideHost {
		done = &c.hostDone
	}
	if done.Load() {
		c.cut(Allowed, fmt.Sprintf("%s closed it", of), policy.Position{})
		return
	}
	c.cut(Failed, fmt.Sprintf("%s reset it", of), policy.Position{})
}

// cut resets both sides. The first of several reasons is the one that counts.
func (c *connection) cut(v Verdict, because string, at policy.Position) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.over {
		return
	}
	c.over, c.end = true, ending{v, because, at}
	c.cancel()
	reset(c.client)
	if c.host != nil {
		reset(c.host)
	}
}

// finish closes both sides and tells how it ended.
func (c *connection) finish() {
	c.close()
	c.gateway.remove(c)
	e := c.event(KindClose)
	e.Verdict, e.Because = c.end.verdict, c.end.because
	e.Sent, e.Received = c.sent.Load(), c.received.Load()
	if e.Verdict == Denied {
		e.At = c.end.at
	}
	if c.host != nil {
		c.gateway.journal.tell(e)
		return
	}
	e.Kind = KindOpen
	if e.Verdict != Denied {
		e.Verdict = Failed
	}
	// Clients try again, each time with a connection of its own.
	e.Connection = 0
	c.gateway.journal.count(e, laneOther)
}

// close ends what was not cut. What was sent last is on its way, and gets there.
func (c *connection) close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.over {
		return
	}
	c.over, c.end = true, ending{verdict: Allowed}
	c.cancel()
	_ = c.client.Close()
	_ = c.host.Close()
}

func (c *connection) event(kind Kind) Event {
	e := Event{Kind: kind, Host: c.to.host, Port: c.to.entry.Port, Connection: c.number, At: c.to.entry.At}
	if c.host != nil {
		e.Address = c.address.String()
	}
	return e
}
