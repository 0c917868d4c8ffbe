package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"
)

// HostResolver looks names up as the host does: by its hosts file and name servers, in the
// order of nsswitch.conf as far as Go's resolver follows it (net, "Name Resolution").
type HostResolver struct {
	// dial connects to a name server; nil is to the host's own.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewResolver gives the host's own resolver.
func NewResolver() *HostResolver {
	return &HostResolver{}
}

// Lookup implements Resolver. A name is looked up as it is and never with a domain of the
// host's search list behind it, which would be another name than the policy's. The
// addresses hold for the shortest TTL of what name servers said, and not at all if none
// was asked.
func (r *HostResolver) Lookup(ctx context.Context, name string) ([]netip.Addr, time.Duration, error) {
	if err := checkName(name); err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	if !strings.Contains(name, ".") {
		// Go finds a name of one label in the hosts file only without the trailing dot that
		// keeps the search list away. No name server is asked for it here.
		files := &net.Resolver{PreferGo: true, Dial: refuseToDial}
		if found, err := files.LookupNetIP(ctx, "ip", name); err == nil {
			return unmapped(found), 0, nil
		}
	}
	var ttl shortestTTL
	dial := r.dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	servers := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return ttl.observe(conn), nil
	}}
	found, err := servers.LookupNetIP(ctx, "ip", name+".")
	var failure *net.DNSError
	if errors.As(err, &failure) {
		failure.Name = name
	}
	if err != nil {
		return nil, 0, err
	}
	return unmapped(found), ttl.shortest(), nil
}

func refuseToDial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no name server is asked")
}

// unmapped turns IPv4 addresses in IPv6 into such of IPv4.
func unmapped(addresses []netip.Addr) []netip.Addr {
	for i, address := range addresses {
		addresses[i] = address.Unmap()
	}
	return addresses
}
