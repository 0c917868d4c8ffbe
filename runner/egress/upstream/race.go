package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

const (
	// stagger is how long one address has before the next is tried beside it (RFC 8305,
	// 5: Connection Attempt Delay).
	stagger = 250 * time.Millisecond
	// addressLimit is how long a connection to one address may take.
	addressLimit = 10 * time.Second
	// maxAddresses is how many addresses are dialled at most.
	maxAddresses = 16
)

// outcome is what became of one address.
type outcome struct {
	to   netip.AddrPort
	conn net.Conn
	err  error
}

// race connects to several addresses, one after the other begun and the first that
// answers taken (RFC 8305, "happy eyeballs"). Others that connect too are closed.
func (d *Dialer) race(ctx context.Context, name string, addresses []netip.Addr, port uint16) (net.Conn, netip.AddrPort, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		queue    = interleave(addresses)
		outcomes = make(chan outcome)
		begun    int
		running  int
		refused  *Refused
		failed   = &unreachable{name: name, port: port}
	)
	// begin dials the next address that may be.
	begin := func() {
		for len(queue) > 0 && begun < maxAddresses {
			address := queue[0]
			queue = queue[1:]
			if r := d.refusal(address); r != nil {
				if refused == nil {
					refused = r
				}
				continue
			}
			begun++
			running++
			go func() {
				to := netip.AddrPortFrom(address, port)
				conn, err := d.dial(ctx, to)
				outcomes <- outcome{to, conn, err}
			}()
			return
		}
	}
	// The dials that lose end soon, as their context does; what they still got is closed.
	defer func() {
		go func() {
			for range running {
				if o := <-outcomes; o.err == nil {
					_ = o.conn.Close()
				}
			}
		}()
	}()

	begin()
	for running > 0 {
		var next <-chan time.Time
		if len(queue) > 0 && begun < maxAddresses {
			next = time.After(stagger)
		}
		select {
		case o := <-outcomes:
			running--
			if o.err == nil {
				return o.conn, o.to, nil
			}
			failed.add(o.to.Addr(), o.err)
			begin()
		case <-next:
			begin()
		case <-ctx.Done():
			return nil, netip.AddrPort{}, fmt.Errorf("connect to %s:%d: %w", name, port, context.Cause(ctx))
		}
	}
	if begun == 0 && refused != nil {
		return nil, netip.AddrPort{}, refused
	}
	return nil, netip.AddrPort{}, failed
}

// interleave orders addresses so that the two families take turns, beginning with that of
// the first, and each keeps its order (RFC 8305, 4). An IPv4 address in IPv6 is one of
// IPv4, as the kernel takes it.
func interleave(addresses []netip.Addr) []netip.Addr {
	var first, other []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, address := range addresses {
		address = address.Unmap()
		if seen[address] {
			continue
		}
		seen[address] = true
		if len(first) == 0 || address.Is4() == first[0].Is4() {
			first = append(first, address)
		} else {
			other = append(other, address)
		}
	}
	var turns []netip.Addr
	for len(first) > 0 || len(other) > 0 {
		if len(first) > 0 {
			turns, first = append(turns, first[0]), first[1:]
		}
		if len(other) > 0 {
			turns, other = append(turns, other[0]), other[1:]
		}
	}
	return turns
}

// unreachable is that no address of a name answered.
type unreachable struct {
	name   string
	port   uint16
	texts  []string
	causes []error
}

// add notes what became of an address, without what the name and port say already.
func (u *unreachable) add(address netip.Addr, err error) {
	u.causes = append(u.causes, err)
	u.texts = append(u.texts, fmt.Sprintf("%s: %s", address, Reason(err)))
}

// Reason gives an error without the addresses and the call that net adds to it.
func Reason(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Err != nil {
		err = operation.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err.Error()
}

func (u *unreachable) Error() string {
	return fmt.Sprintf("connect to %s:%d: %s", u.name, u.port, strings.Join(u.texts, ", "))
}

func (u *unreachable) Unwrap() []error { return u.causes }
