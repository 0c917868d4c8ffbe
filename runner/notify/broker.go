//go:build linux

package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/runner/egress"
	"confine/runner/rights"
)

// maxJoining is how many connects are decided at one time. The others wait.
const maxJoining = 256

var errInUse = errors.New("it is listened at already")

// Config is what a broker works by.
type Config struct {
	// Gateway has the addresses that a client expects to exist, and the name server's.
	Gateway compiler.Gateway
	// Nameservers are those of the program's resolv.conf(5); none is that libc asks loopback.
	// Their port 53 is the gateway's name server, whatever the policy says of it.
	Nameservers []netip.Addr
}

// Broker is the runner's side: the opener of a gateway, whose connections are those of the
// programs under a filter.
type Broker struct {
	gateway     compiler.Gateway
	nameservers map[netip.Addr]bool
	// namespace is that of the runner's sockets.
	namespace uint64
	conn      *net.UnixConn
	context   context.Context
	cancel    context.CancelFunc
	slots     chan struct{}
	group     sync.WaitGroup

	mutex     sync.Mutex
	entrances map[netip.AddrPort]*entrance
}

// Pair makes the socket between a broker and its supervisor.
func Pair() (broker *net.UnixConn, supervisor *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket to the supervisor: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "runner"), os.NewFile(uintptr(fds[1]), "supervisor")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("use the socket to the supervisor: %w", err)
	}
	return conn.(*net.UnixConn), theirs, nil
}

// New makes the broker of a supervisor at the other end of a socket of [Pair], which the
// broker takes.
func New(c Config, conn *net.UnixConn) (*Broker, error) {
	b := &Broker{
		gateway: c.Gateway, nameservers: map[netip.Addr]bool{c.Gateway.Nameserver(): true}, conn: conn,
		slots: make(chan struct{}, maxJoining), entrances: map[netip.AddrPort]*entrance{},
	}
	for _, ip := range c.Nameservers {
		b.nameservers[ip.Unmap().WithZone("")] = true
	}
	if len(c.Nameservers) == 0 {
		for _, ip := range []string{"127.0.0.1", "127.0.0.53"} {
			b.nameservers[netip.MustParseAddr(ip)] = true
		}
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		controlErr := raw.Control(func(fd uintptr) { b.namespace, err = namespaceOf(int(fd)) })
		err = errors.Join(err, controlErr)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("ask for the network namespace: %w", err)
	}
	b.context, b.cancel = context.WithCancel(context.Background())
	return b, nil
}

// Serve hands the listener of a filter to the supervisor, which keeps it alone, and serves
// what runs under the filter. attempt is called for every address that nothing listens at;
// it is the gateway's.
func (b *Broker) Serve(listener *os.File, attempt func(netip.AddrPort)) error {
	_, _, err := b.conn.WriteMsgUnix(handOver, unix.UnixRights(int(listener.Fd())), nil)
	if err = errors.Join(err, listener.Close()); err != nil {
		return fmt.Errorf("hand over the listener of the filter: %w", err)
	}
	b.group.Go(func() { b.receive(attempt) })
	return nil
}

// Close ends the supervisor, and with it every connect. It returns when nothing of the
// broker runs any more.
func (b *Broker) Close() {
	b.cancel()
	_ = b.conn.Close()
	b.group.Wait()
}

// receive decides connects until the supervisor has gone.
func (b *Broker) receive(attempt func(netip.AddrPort)) {
	buf, oob := make([]byte, maxRequest), make([]byte, unix.CmsgSpace(4))
	for {
		n, oobn, _, _, err := b.conn.ReadMsgUnix(buf, oob)
		if err != nil {
			return
		}
		fd, brought := rights.Received(oob[:oobn])
		id, address, ok := readRequest(bytes.Clone(buf[:n]))
		switch {
		case !ok && brought:
			_ = unix.Close(fd)
			return
		case !ok:
			return
		case !brought:
			// The process has no descriptor left for it.
			b.say(id, unix.EMFILE)
			continue
		}
		b.slots <- struct{}{}
		b.group.Go(func() {
			defer func() { <-b.slots }()
			errno := unix.Errno(0)
			if err := b.decide(fd, address, attempt); err != nil {
				errno = errnoOf(err)
			}
			// Before the answer: the program may close its own at once, and that is the end.
			_ = unix.Close(fd)
			b.say(id, errno)
		})
	}
}

// say answers a call. If the supervisor has gone, the kernel has answered.
func (b *Broker) say(id uint64, errno unix.Errno) { _, _ = b.conn.Write(appendReply(id, errno)) }

// decide does what a call asks for, or gives the error with which it fails.
func (b *Broker) decide(fd int, address []byte, attempt func(netip.AddrPort)) error {
	k, err := inspect(fd)
	if err != nil {
		return err
	}
	to, err := k.where(address)
	if err != nil {
		return err
	}
	meant := netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if b.nameservers[meant.Addr()] && meant.Port() == egress.DNSPort {
		meant = netip.AddrPortFrom(b.gateway.Nameserver(), egress.DNSPort)
	}
	e := b.entrance(meant)
	if e == nil {
		attempt(meant)
		return b.absent(meant.Addr())
	}
	if err := straight(fd, b.namespace); err != nil {
		return err
	}
	conn, err := join(b.context, fd, k, to.Addr())
	if err != nil {
		return err
	}
	if !e.enter(conn) {
		_ = disconnect(fd)
		return unix.ECONNREFUSED
	}
	return nil
}

// absent is the error for an address that nothing listens at: what a sandbox with a link
// to the gateway gets, whose own loopback has no listeners.
func (b *Broker) absent(ip netip.Addr) error {
	if b.gateway.Reaches(ip) || ip.IsLoopback() || ip.IsUnspecified() {
		return unix.ECONNREFUSED
	}
	return unix.ENETUNREACH
}
