//go:build linux

// Package egress is the gateway of network.mode = "egress": the only thing that a
// sandbox can reach, and what reaches the hosts of the policy for it. It answers the
// sandbox's look-ups itself with addresses of its own, accepts connections to these
// alone, and opens the connections to the real hosts. What no entry names has no
// address and no listener: it is denied by construction.
//
// The gateway's sockets toward the sandbox lie in a network namespace that has no way
// out; its connections to the hosts are made from the runner's own.
package egress

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"confine/compiler"
	"confine/policy"
	"confine/runner/egress/upstream"
)

// Opener opens what the sandbox connects to.
type Opener interface {
	ListenTCP(at netip.AddrPort) (Listener, error)
	// ListenUDP gives neither a socket nor an error where the sandbox has no UDP.
	ListenUDP(at netip.AddrPort) (*net.UDPConn, error)
}

// Listener gives the connections to one address. After Close, the error is net.ErrClosed.
type Listener interface {
	AcceptTCP() (*net.TCPConn, error)
	Close() error
}

// Sockets opens listening sockets in the gateway's namespace.
type Sockets interface {
	ListenTCP(at netip.AddrPort) (*net.TCPListener, error)
	ListenUDP(at netip.AddrPort) (*net.UDPConn, error)
}

// OpenerOf gives the opener whose listeners are sockets.
func OpenerOf(s Sockets) Opener { return sockets{s} }

type sockets struct{ Sockets }

func (s sockets) ListenTCP(at netip.AddrPort) (Listener, error) {
	l, err := s.Sockets.ListenTCP(at)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Config is what a gateway works by.
type Config struct {
	// Network is the policy's, with mode "egress".
	Network policy.Network
	// Gateway has the addresses of the link, and those that stand for names.
	Gateway compiler.Gateway
	// Opener opens what the sandbox connects to.
	Opener Opener
	// Packets is a non-blocking socket that gives a packet at every read, from its IP header
	// on, of those that came from the sandbox and are the begin of a TCP connection or no
	// TCP; nil is none. What nothing listens for is told by them alone. Close closes it.
	Packets *os.File
	// Aliases are the names that addresses have in a hosts file which the program reads by
	// itself, so that it asks the gateway for none of them.
	Aliases map[netip.Addr][]string
	// Resolver finds the addresses of allowed names; nil is the host's own.
	Resolver Resolver
	// Dial connects to one address; nil is a TCP connection from this process's
	// namespace.
	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// Log gets a line of JSON for every event; nil is nobody. After a line that it did not
	// take whole, nothing is allowed any more.
	Log io.Writer
	// Denied is called for the denials in their order, one after the other, by a goroutine of
	// its own; nil is nobody. It may block: then denials beyond those that wait for it are
	// dropped, nothing else waits, and Close returns a second after all else has ended,
	// with the call still running.
	Denied func(Event)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// DNSPort is where the name server listens, by UDP and TCP.
const DNSPort = 53

// Resolver finds addresses.
type Resolver = upstream.Resolver
