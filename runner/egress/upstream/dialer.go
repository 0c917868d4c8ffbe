package upstream

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"confine/policy"
)

// Dialer connects to hosts by their names. Its methods may be called concurrently; its
// fields are set before the first call.
type Dialer struct {
	// Resolver finds the addresses; nil is the host's own.
	Resolver Resolver
	// Refuses says what is special about an address that no name may have; nil is
	// policy.SpecialAddress.
	Refuses func(netip.Addr) (what string, refused bool)
	// Dial connects to one address; nil is a TCP connection.
	Dial func(context.Context, netip.AddrPort) (net.Conn, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu sync.Mutex
	// known are the addresses that still hold, and asked the look-ups that run.
	known map[string]*answer
	asked map[string]*answer
}

// Connect looks a name up and connects to the first of its addresses that answers. Each is
// checked right before it is dialled, so that it does not matter what the name had when
// the policy was written, or a moment ago. The error is a *Refused if the name has only
// addresses that it must not have.
func (d *Dialer) Connect(ctx context.Context, name string, port uint16) (net.Conn, netip.AddrPort, error) {
	if err := checkName(name); err != nil {
		return nil, netip.AddrPort{}, err
	}
	a, err := d.addresses(ctx, name)
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	conn, to, err := d.race(ctx, name, a.addresses, port)
	if err != nil && ctx.Err() == nil {
		// The host may have moved.
		d.forget(name, a)
	}
	return conn, to, err
}

// refusal checks an address; nil is one to connect to.
func (d *Dialer) refusal(address netip.Addr) *Refused {
	refuses := d.Refuses
	if refuses == nil {
		refuses = policy.SpecialAddress
	}
	if !address.IsValid() {
		return &Refused{address, "no address"}
	}
	if address.Zone() != "" {
		return &Refused{address, "an address on one link of this machine"}
	}
	if what, refused := refuses(address); refused {
		return &Refused{address, what}
	}
	return nil
}

func (d *Dialer) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, addressLimit, fmt.Errorf("no answer in %v", addressLimit))
	defer cancel()
	dial := d.Dial
	if dial == nil {
		dial = DialTCP
	}
	conn, err := dial(ctx, to)
	if err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return conn, err
}

// DialTCP connects to one address.
func DialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
}

func (d *Dialer) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}
