//go:build linux

package egress

import (
	"net"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// drainLimit is how long the hosts may take for what a program said before it ended.
	drainLimit = 5 * time.Second
	// drainQuiet is how long a connection of a program that has ended may carry nothing
	// before nothing is expected any more.
	drainQuiet = 100 * time.Millisecond
	drainStep  = 5 * time.Millisecond
)

// drain waits until the hosts have what the program sent before it ended: its kernel has
// sent it to the gateway, and nobody else knows of it. Connections that are kept alive for
// another request hold nobody up.
func drain(all []*connection) {
	for end := time.Now().Add(drainLimit); time.Now().Before(end); time.Sleep(drainStep) {
		if !slices.ContainsFunc(all, (*connection).draining) {
			return
		}
	}
}

// draining reports whether something is on its way to the host.
func (c *connection) draining() bool {
	c.mutex.Lock()
	host, over := c.host, c.over
	c.mutex.Unlock()
	switch {
	case over:
		return false
	case host == nil:
		return c.owed()
	}
	quiet := c.gateway.config.Now().Sub(time.Unix(0, c.active.Load())) > drainQuiet
	if c.programDone.Load() {
		return waiting(host, unix.SIOCOUTQ) > 0
	}
	return waiting(c.client, unix.SIOCINQ) > 0 || (c.held.Load() || waiting(host, unix.SIOCOUTQ) > 0) && !quiet
}

// unsent reports whether the host lacks something that the program has sent.
func (c *connection) unsent() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch {
	case c.over:
		return false
	case c.host == nil:
		return c.owed()
	}
	return waiting(c.client, unix.SIOCINQ) > 0 || waiting(c.host, unix.SIOCOUTQ) > 0
}

// owed reports whether the program has said something to a host that is not connected yet.
// With TLS it cannot have said more than hello, and that to nobody.
func (c *connection) owed() bool {
	return c.held.Load() || !c.inspects(portTLS) && waiting(c.client, unix.SIOCINQ) > 0
}

// waiting gives how many bytes were received and not read (SIOCINQ), or sent and not
// acknowledged (SIOCOUTQ), see tcp(7).
func waiting(conn *net.TCPConn, which uint) int {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	_ = raw.Control(func(fd uintptr) {
		if found, err := unix.IoctlGetInt(int(fd), which); err == nil {
			n = found
		}
	})
	return n
}
