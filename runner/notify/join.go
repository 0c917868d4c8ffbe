//go:build linux

package notify

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// joinLimit is how long a connection over loopback may take. It takes a fraction of a
	// millisecond, unless the program or the host keeps its packets back.
	joinLimit = 5 * time.Second
	// abortEvery is how often a call that shall end is told so, as it may not yet have begun.
	abortEvery = 10 * time.Millisecond
)

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	loopback6 = netip.IPv6Loopback()
)

// join connects a program's socket to a listener that is there for it alone, and gives the
// other end. to is what the program connects to, whose form the peer's address has.
func join(ctx context.Context, fd int, k kind, to netip.Addr) (*net.TCPConn, error) {
	l, form, err := listenFor(k, to)
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithTimeout(ctx, joinLimit)
	defer cancel()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	unwatch := watch(ctx, fd, l)
	conn, err := meet(ctx, fd, l, sockaddr(form, at.Port()), at)
	unwatch()
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, unix.EISCONN):
		return nil, err // another thread's connection
	}
	_ = disconnect(fd)
	if ctx.Err() != nil {
		return nil, unix.ETIMEDOUT
	}
	return nil, err
}

// listenFor opens the listener for a socket, and gives the address by which the socket
// reaches it.
func listenFor(k kind, to netip.Addr) (*net.TCPListener, netip.Addr, error) {
	if k.six && !to.Is4In6() {
		l, err := net.ListenTCP("tcp6", net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback6, 0)))
		if err == nil {
			return l, loopback6, nil
		}
		if k.only {
			return nil, netip.Addr{}, unix.ENETUNREACH
		}
	}
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback4, 0)))
	if err != nil {
		return nil, netip.Addr{}, err
	}
	if k.six {
		return l, netip.AddrFrom16(loopback4.As16()), nil
	}
	return l, loopback4, nil
}

func sockaddr(ip netip.Addr, port uint16) unix.Sockaddr {
	if ip.Is4() {
		return &unix.SockaddrInet4{Port: int(port), Addr: ip.As4()}
	}
	return &unix.SockaddrInet6{Port: int(port), Addr: ip.As16()}
}

// watch ends what waits for a socket or its listener when the context ends. A socket's
// O_NONBLOCK and time limits are the program's, whose call they are for. The function ends
// the watch, after which the descriptor can be closed.
func watch(ctx context.Context, fd int, l *net.TCPListener) func() {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		_ = l.Close()
		ticker := time.NewTicker(abortEvery)
		defer ticker.Stop()
		for {
			_ = unix.Shutdown(fd, unix.SHUT_RDWR)
			select {
			case <-over:
				return
			case <-ticker.C:
			}
		}
	}()
	return func() { close(over); <-ended }
}

// meet connects the socket and accepts its connection, and no other: whoever is on the
// host can connect to a port of loopback.
func meet(ctx context.Context, fd int, l *net.TCPListener, to unix.Sockaddr, at netip.AddrPort) (*net.TCPConn, error) {
	if err := connect(ctx, fd, to); err != nil {
		return nil, err
	}
	own, peer, err := ends(fd)
	if err != nil {
		return nil, err
	}
	if peer != at {
		return nil, unix.EISCONN
	}
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		from := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
		if netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) == own {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// connect connects a socket, whether it waits for that or not. Where it was connected
// already, or is by another thread, that is seen by its peer.
func connect(ctx context.Context, fd int, to unix.Sockaddr) error {
	for ctx.Err() == nil {
		err := unix.Connect(fd, to)
		switch {
		case errors.Is(err, unix.EISCONN):
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EINPROGRESS), errors.Is(err, unix.EALREADY):
		default:
			return err
		}
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	// A socket that is shut down before it is connected is one to connect again.
	return ctx.Err()
}
