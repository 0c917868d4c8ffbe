// Package upstream connects to the hosts that a policy names: it finds the addresses of a
// name by the host's own resolver, and connects to one of them that the name may have.
package upstream

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// lookupLimit is how long a look-up takes at most.
const lookupLimit = 10 * time.Second

// Resolver finds addresses.
type Resolver interface {
	// Lookup gives the addresses of a name, which is absolute but has no trailing dot, in
	// the order in which to try them, and how long they hold; 0 is not at all.
	Lookup(ctx context.Context, name string) ([]netip.Addr, time.Duration, error)
}

// Refused is an address that a name must not have; functions return it as *Refused.
type Refused struct {
	Address netip.Addr
	// What says what is special about the address.
	What string
}

func (r *Refused) Error() string { return fmt.Sprintf("%s is %s", r.Address, r.What) }

// checkName refuses what is no name: an address would be connected to without a look-up,
// and "" and "name." are other spellings of a name.
func checkName(name string) error {
	if _, err := netip.ParseAddr(name); err == nil || name == "" || strings.HasSuffix(name, ".") {
		return fmt.Errorf("%q is not a host name", name)
	}
	return nil
}
