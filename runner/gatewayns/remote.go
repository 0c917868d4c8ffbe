//go:build linux

package gatewayns

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"confine/runner/rights"
)

// request asks the process that lives in a namespace for a socket in it.
type request struct {
	Kind socketKind     `json:"kind"`
	At   netip.AddrPort `json:"at,omitzero"`
}

type socketKind string

const (
	socketTCP     socketKind = "tcp"
	socketUDP     socketKind = "udp"
	socketPackets socketKind = "packets"
)

// maxRequest is longer than any request and any answer.
const maxRequest = 1024

// Serve opens sockets for whoever has the other end of conn, a SOCK_SEQPACKET socket, until
// that is closed. Each answer is empty and brings the socket, or says what went wrong.
func (n *Namespace) Serve(conn int) {
	buf := make([]byte, maxRequest)
	for {
		size, err := unix.Read(conn, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || size == 0 {
			return
		}
		file, err := n.open(buf[:size])
		answer, sent := []byte{}, []byte(nil)
		if err == nil {
			sent = unix.UnixRights(int(file.Fd()))
			answer = append(answer, answered)
		} else {
			answer = append(answer, refused)
			answer = append(answer, err.Error()...)
			answer = answer[:min(len(answer), maxRequest)]
		}
		err = unix.Sendmsg(conn, answer, sent, nil, unix.MSG_NOSIGNAL)
		if file != nil {
			_ = file.Close()
		}
		if err != nil {
			return
		}
	}
}

// The first byte of an answer.
const (
	answered = 'y'
	refused  = 'n'
)

// open does what one request asks for.
func (n *Namespace) open(data []byte) (*os.File, error) {
	var r request
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("decode a request: %w", err)
	}
	switch r.Kind {
	case socketTCP:
		l, err := n.ListenTCP(r.At)
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		return l.File()
	case socketUDP:
		c, err := n.ListenUDP(r.At)
		if err != nil {
			return nil, err
		}
		defer func() { _ = c.Close() }()
		return c.File()
	case socketPackets:
		return n.Packets()
	}
	return nil, fmt.Errorf("no kind of socket %q", r.Kind)
}

// Remote opens sockets in a namespace that another process serves.
type Remote struct {
	mutex sync.Mutex
	conn  *net.UnixConn
}

// NewRemote takes the end of the socket that the server has the other of.
func NewRemote(conn *net.UnixConn) *Remote { return &Remote{conn: conn} }

// Close ends the server.
func (r *Remote) Close() error { return r.conn.Close() }

// ListenTCP opens a listening socket in the namespace.
func (r *Remote) ListenTCP(at netip.AddrPort) (*net.TCPListener, error) {
	f, err := r.ask(request{socketTCP, at})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", at, err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		_ = l.Close()
		return nil, fmt.Errorf("listen at %s: the socket is a %T", at, l)
	}
	return tcp, nil
}

// ListenUDP opens a socket for datagrams in the namespace.
func (r *Remote) ListenUDP(at netip.AddrPort) (*net.UDPConn, error) {
	f, err := r.ask(request{socketUDP, at})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", at, err)
	}
	udp, ok := c.(*net.UDPConn)
	if !ok {
		_ = c.Close()
		return nil, fmt.Errorf("listen at %s: the socket is a %T", at, c)
	}
	return udp, nil
}

// Packets opens the socket of [Namespace.Packets].
func (r *Remote) Packets() (*os.File, error) { return r.ask(request{Kind: socketPackets}) }

// answerLimit is how long the server may take. It takes a fraction of a millisecond, or was
// stopped by somebody.
const answerLimit = 20 * time.Second

// ask sends a request and waits for its answer. After one that did not come, no other is
// asked for: the next answer would not be its own.
func (r *Remote) ask(q request) (*os.File, error) {
	data, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return nil, fmt.Errorf("ask for a socket: %w", err)
	}
	if _, err := r.conn.Write(data); err != nil {
		return nil, fmt.Errorf("ask for a socket: %w", err)
	}
	// The sender's credentials may come with the socket.
	buf, oob := make([]byte, maxRequest), make([]byte, 256)
	n, oobn, _, _, err := r.conn.ReadMsgUnix(buf, oob)
	if err != nil {
		_ = r.conn.Close()
		return nil, fmt.Errorf("get a socket: %w", err)
	}
	var f *os.File
	if fd, ok := rights.Received(oob[:oobn]); ok {
		f = os.NewFile(uintptr(fd), "socket")
	}
	switch {
	case n == 0:
		err = errors.New("the process that keeps the gateway's namespace is gone")
	case buf[0] != answered:
		err = errors.New(string(buf[1:n]))
	case f == nil:
		err = errors.New("an answer without a socket")
	}
	if err != nil {
		if f != nil {
			_ = f.Close()
		}
		return nil, err
	}
	return f, nil
}
