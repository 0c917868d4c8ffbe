//go:build linux

package egress

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"confine/compiler"
	"confine/policy"
)

const (
	// maxNames is how many names have an address at one time.
	maxNames = 1024
	// answerTTL is how long a client may keep an address. For as long, no other name
	// gets it.
	answerTTL = time.Minute
)

// errNames means that each of the names is connected to, or was looked up lately.
var errNames = fmt.Errorf("%d other names are in use", maxNames)

// names gives names their addresses. A name has one listener for each port that the policy
// names, so that the kernel itself refuses all other ports.
type names struct {
	prefix   netip.Prefix
	reserved []netip.Prefix
	listen   func(at netip.AddrPort, d destination) (io.Closer, error)
	now      func() time.Time

	mutex     sync.Mutex
	closed    bool
	byName    map[string]*name
	byAddress map[netip.Addr]*name
	// last is the address that was given last. They are given in turn: an address that a
	// client kept for too long leads to nobody rather than to another name.
	last netip.Addr
}

// name is one that has an address.
type name struct {
	host      string
	address   netip.Addr
	ports     map[uint16]io.Closer
	answered  time.Time
	connected atomic.Int64
}

func newNames(c compiler.Gateway, listen func(netip.AddrPort, destination) (io.Closer, error), now func() time.Time) *names {
	n := &names{
		prefix: c.Names.Masked(), listen: listen, now: now,
		byName: map[string]*name{}, byAddress: map[netip.Addr]*name{},
	}
	n.last = n.prefix.Addr()
	n.reserved = append(n.reserved, netip.PrefixFrom(n.last, n.last.BitLen()))
	for _, more := range [][]netip.Prefix{c.GatewayAddresses, c.SandboxAddresses, c.Literals} {
		for _, p := range more {
			n.reserved = append(n.reserved, p.Masked())
		}
	}
	return n
}

// lookup gives the address of a name, after its listeners are there. The entries are those
// of the policy that name it.
func (n *names) lookup(host string, entries []policy.EgressEntry) (netip.Addr, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.closed {
		return netip.Addr{}, errClosed
	}
	if known := n.byName[host]; known != nil {
		known.answered = n.now()
		return known.address, nil
	}
	if len(n.byName) >= maxNames && !n.forgetOldest() {
		return netip.Addr{}, errNames
	}
	address, ok := n.next()
	if !ok {
		return netip.Addr{}, errors.New("every address is in use")
	}
	n.last = address
	made := &name{host: host, address: address, ports: map[uint16]io.Closer{}, answered: n.now()}
	for _, e := range entries {
		if made.ports[e.Port] != nil {
			continue
		}
		l, err := n.listen(netip.AddrPortFrom(address, e.Port), destination{host: host, entry: e, name: made})
		if err != nil {
			made.close()
			return netip.Addr{}, err
		}
		made.ports[e.Port] = l
	}
	n.byName[host], n.byAddress[address] = made, made
	return address, nil
}

// next gives the address after the last one that nothing has.
func (n *names) next() (netip.Addr, bool) {
	for a := n.after(n.last); a != n.last; a = n.after(a) {
		if n.byAddress[a] == nil && !n.isReserved(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

func (n *names) after(a netip.Addr) netip.Addr {
	if next := a.Next(); n.prefix.Contains(next) {
		return next
	}
	return n.prefix.Addr()
}

func (n *names) isReserved(a netip.Addr) bool {
	for _, p := range n.reserved {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forgetOldest makes room: it closes the name that was looked up the longest ago, of those
// that nobody is connected to and no client may keep any more.
func (n *names) forgetOldest() bool {
	var oldest *name
	limit := n.now().Add(-answerTTL)
	for _, candidate := range n.byName {
		if candidate.connected.Load() > 0 || !candidate.answered.Before(limit) {
			continue
		}
		if oldest == nil || candidate.answered.Before(oldest.answered) {
			oldest = candidate
		}
	}
	if oldest == nil {
		return false
	}
	oldest.close()
	delete(n.byName, oldest.host)
	delete(n.byAddress, oldest.address)
	return true
}

// host gives the name that an address stands for, and whether something listens at the
// port.
func (n *names) host(at netip.AddrPort) (host string, listens bool) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	known := n.byAddress[at.Addr()]
	if known == nil {
		return "", false
	}
	return known.host, known.ports[at.Port()] != nil
}

// close closes all listeners, for good.
func (n *names) close() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.closed = true
	for _, known := range n.byName {
		known.close()
	}
}

func (n *name) close() {
	for _, l := range n.ports {
		_ = l.Close()
	}
}
