//go:build linux

package egress

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy"
)

const (
	// idleLimit is how long a connection may carry nothing. APIs that let a client wait
	// answer within minutes.
	idleLimit = time.Hour
	// watchEvery is how often all connections are looked at.
	watchEvery = 10 * time.Second
)

// watch ends connections that are idle, or that one side has reset while the gateway
// waited for the other.
func (g *Gateway) watch() {
	for g.context.Err() == nil {
		g.pause(watchEvery)
		g.sweep()
	}
}

// sweep looks at all connections once.
func (g *Gateway) sweep() {
	g.mutex.Lock()
	all := slices.Collect(maps.Keys(g.connections))
	g.mutex.Unlock()
	now := g.config.Now()
	for _, c := range all {
		c.check(now)
	}
}

// check cuts the connection if it is over without anybody having noticed.
func (c *connection) check(now time.Time) {
	c.mutex.Lock()
	server := c.host
	c.mutex.Unlock()
	switch {
	case hasError(c.client):
		c.broken(sideProgram)
	case server != nil && hasError(server):
		c.broken(sideHost)
	case now.Sub(time.Unix(0, c.active.Load())) > idleLimit:
		c.cut(Failed, fmt.Sprintf("nothing went through for %s", idleLimit), policy.Position{})
	}
}

// hasError reports whether the kernel has an error for a socket, and leaves it there for
// whoever reads: poll(2) says POLLERR for it, whatever is asked for.
func hasError(conn *net.TCPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	found := false
	_ = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(fds, 0)
		found = err == nil && n > 0 && fds[0].Revents&unix.POLLERR != 0
	})
	return found
}

// useUp ends all connections, of which one found that network.max_bytes leaves nothing.
func (g *Gateway) useUp(by *connection) {
	by.cut(Denied, g.becauseUsedUp(), g.config.Network.MaxBytesAt)
	g.mutex.Lock()
	all := slices.Collect(maps.Keys(g.connections))
	g.mutex.Unlock()
	for _, c := range all {
		c.cut(Failed, g.becauseUsedUp(), policy.Position{})
	}
}
