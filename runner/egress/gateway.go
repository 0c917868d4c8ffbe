//go:build linux

package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"confine/policy"
	"confine/runner/egress/upstream"
)

// Gateway serves one sandbox.
type Gateway struct {
	config  Config
	journal *journal
	names   *names
	// literals are the listeners of addresses that the policy names.
	literals map[netip.AddrPort]bool
	dialer   *upstream.Dialer
	budget   *budget
	// packets is nil if there are none.
	packets *packets
	// context ends with the gateway.
	context context.Context
	cancel  context.CancelFunc
	once    sync.Once
	// group has every goroutine of the gateway.
	group sync.WaitGroup

	mutex  sync.Mutex
	closed bool
	// closers are closed with the gateway: its sockets, but for those of names and of
	// connections.
	closers     map[io.Closer]struct{}
	connections map[*connection]struct{}
	number      uint64
}

var errClosed = errors.New("the gateway is closed")

// Start opens the name server and a listener for every address that the policy names, and
// serves until Close. It tells of nothing before Begin.
func Start(c Config) (*Gateway, error) {
	if len(c.Gateway.GatewayAddresses) == 0 || !c.Gateway.Names.IsValid() {
		return nil, errors.New("start the gateway: it has no addresses")
	}
	if c.Resolver == nil {
		c.Resolver = upstream.NewResolver()
	}
	if c.Dial == nil {
		c.Dial = upstream.DialTCP
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	g := &Gateway{
		config:      c,
		journal:     newJournal(c.Log, c.Denied, c.Now),
		budget:      newBudget(c.Network.MaxBytes),
		dialer:      &upstream.Dialer{Resolver: c.Resolver, Refuses: c.Network.Refuses, Dial: c.Dial, Now: c.Now},
		literals:    map[netip.AddrPort]bool{},
		closers:     map[io.Closer]struct{}{},
		connections: map[*connection]struct{}{},
	}
	g.names = newNames(c.Gateway, g.listen, c.Now)
	g.context, g.cancel = context.WithCancel(context.Background())
	err := g.open()
	if err != nil {
		g.Close()
		return nil, fmt.Errorf("start the gateway: %w", err)
	}
	g.start(g.watch)
	if c.Packets != nil {
		if g.packets, err = newPackets(c.Packets, g.judgePacket); err != nil {
			g.Close()
			return nil, fmt.Errorf("start the gateway: %w", err)
		}
		g.keep(c.Packets)
		g.start(g.packets.read)
	}
	return g, nil
}

// Begin makes the log begin, and with it what Denied is called for. Whoever tries the
// sandbox before the program runs in it makes no events, if that is over.
func (g *Gateway) Begin() {
	if g.packets != nil {
		g.packets.drop()
	}
	g.journal.begin()
}

// open opens everything that lasts as long as the gateway.
func (g *Gateway) open() error {
	if err := g.openNameServer(); err != nil {
		return err
	}
	for _, e := range g.config.Network.Egress {
		ip, ok := e.Address()
		at := netip.AddrPortFrom(ip, e.Port)
		if !ok || g.literals[at] {
			continue
		}
		g.literals[at] = true
		l, err := g.listen(at, destination{host: e.Host, literal: ip, entry: e})
		if err != nil {
			return err
		}
		g.keep(l)
	}
	return nil
}

// keep closes something with the gateway, or now if that is closed.
func (g *Gateway) keep(c io.Closer) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.closed {
		_ = c.Close()
		return false
	}
	g.closers[c] = struct{}{}
	return true
}

// drop closes something earlier than the gateway.
func (g *Gateway) drop(c io.Closer) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	delete(g.closers, c)
	_ = c.Close()
}

// start runs a goroutine of the gateway, unless that is closed.
func (g *Gateway) start(do func()) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if !g.closed {
		g.group.Go(do)
	}
	return !g.closed
}

// Close ends every connection and everything else, and returns when nothing of the gateway
// runs any more and the log is complete.
func (g *Gateway) Close() { g.once.Do(g.close) }

func (g *Gateway) close() {
	g.mutex.Lock()
	g.closed = true
	closers := slices.Collect(maps.Keys(g.closers))
	open := slices.Collect(maps.Keys(g.connections))
	g.mutex.Unlock()

	// No new ones: what is closed here was only listened at.
	for _, c := range closers {
		_ = c.Close()
	}
	g.names.close()
	drain(open)
	g.cancel()
	for _, c := range open {
		if c.unsent() {
			c.cut(Failed, "the run ended before the host had everything", policy.Position{})
		} else {
			c.cut(Allowed, "the run ended", policy.Position{})
		}
	}
	g.group.Wait()
	g.journal.finish()
}

// Err says what is missing in the log: the first line of it that could not be written.
func (g *Gateway) Err() error { return g.journal.failure() }

// pause waits for a while, or until the gateway is closed.
func (g *Gateway) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-g.context.Done():
	}
}
