//go:build linux

package egress

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxRound is how many bytes a direction moves at once, which is as many as Go asks
// splice(2) for. For a receiver that does not read, as many wait in a pipe.
const maxRound = 256 << 10

// errUsedUp means that network.max_bytes leaves nothing.
var errUsedUp = errors.New("no bytes are left")

// flow copies one direction, and passes on its end. It waits until there is something, and
// moves no more than that: Go does so by splice(2) from one socket to the other, through a
// pipe that it would hold while it waits. So connections without traffic cost two
// descriptors each, every byte is seen when it passes, and none more than the budget does.
func (c *connection) flow(to, from *net.TCPConn, count *atomic.Uint64) error {
	source, sink, done := sideHost, sideProgram, &c.hostDone
	if from == c.client {
		source, sink, done = sideProgram, sideHost, &c.programDone
	}
	raw, err := from.SyscallConn()
	if err != nil {
		return sideError{source, err}
	}
	ready := newReadiness(raw)
	// TCPConn.ReadFrom knows this type, and that of from: any other takes the data through
	// a buffer.
	piece := &io.LimitedReader{R: from}
	for {
		n, err := ready.wait()
		if err != nil {
			return sideError{source, err}
		}
		if n == 0 {
			break
		}
		granted := c.gateway.budget.take(min(int64(n), maxRound))
		if granted == 0 {
			return errUsedUp
		}
		piece.N = granted
		moved, err := to.ReadFrom(piece)
		c.gateway.budget.giveBack(granted - moved)
		c.moved(count, moved)
		if err != nil {
			return sideError{sink, err}
		}
		if moved == 0 {
			break
		}
	}
	done.Store(true)
	if err := to.CloseWrite(); err != nil {
		return sideError{sink, err}
	}
	return nil
}

// write writes bytes that were looked at.
func (c *connection) write(to *net.TCPConn, p []byte, count *atomic.Uint64) error {
	for len(p) > 0 {
		granted := c.gateway.budget.take(int64(len(p)))
		if granted == 0 {
			return errUsedUp
		}
		n, err := to.Write(p[:granted])
		c.gateway.budget.giveBack(granted - int64(n))
		c.moved(count, int64(n))
		if err != nil {
			return err
		}
		p = p[granted:]
	}
	return nil
}

func (c *connection) moved(count *atomic.Uint64, n int64) {
	c.active.Store(c.gateway.config.Now().UnixNano())
	count.Add(uint64(n))
}

// readiness waits for one connection to have something to read.
type readiness struct {
	raw syscall.RawConn
	// n and err are what look found.
	n    int
	err  error
	peek [1]byte
}

func newReadiness(raw syscall.RawConn) *readiness { return &readiness{raw: raw} }

// wait gives how many bytes there are, or 0 at the end.
func (r *readiness) wait() (int, error) {
	if err := r.raw.Read(r.look); err != nil {
		return 0, err
	}
	return r.n, r.err
}

// look reports whether there is something to say, be it the end or an error.
func (r *readiness) look(fd uintptr) bool {
	// tcp(7): the bytes that are unread. Neither the end nor an error is any.
	if r.n, r.err = unix.IoctlGetInt(int(fd), unix.TIOCINQ); r.err != nil || r.n > 0 {
		return true
	}
	for {
		n, _, err := unix.Recvfrom(int(fd), r.peek[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return false
		}
		r.n, r.err = max(n, 0), err
		return true
	}
}
