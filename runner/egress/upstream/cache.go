package upstream

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

const (
	// maxHold is how long addresses are kept at most, whatever their TTL.
	maxHold = 5 * time.Minute
	// maxKnown is how many names have kept addresses at most: a wildcard allows any number.
	maxKnown = 4096
)

// answer is what a look-up found; done is closed when it is complete.
type answer struct {
	done      chan struct{}
	addresses []netip.Addr
	until     time.Time
	err       error
}

// addresses gives the addresses of a name: those that are known while they hold, those of
// a look-up that runs already, or those of a new one. What failed is not kept.
func (d *Dialer) addresses(ctx context.Context, name string) (*answer, error) {
	d.mu.Lock()
	a := d.known[name]
	if a == nil || !d.now().Before(a.until) {
		if a = d.asked[name]; a == nil {
			a = &answer{done: make(chan struct{})}
			if d.asked == nil {
				d.asked = map[string]*answer{}
			}
			d.asked[name] = a
			// Who asked first may go away before the others that wait.
			go d.ask(context.WithoutCancel(ctx), name, a)
		}
	}
	d.mu.Unlock()

	select {
	case <-a.done:
		return a, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("look up %s: %w", name, context.Cause(ctx))
	}
}

// ask completes an answer, and keeps it while it holds.
func (d *Dialer) ask(ctx context.Context, name string, a *answer) {
	ctx, cancel := context.WithTimeoutCause(ctx, lookupLimit, fmt.Errorf("no answer in %v", lookupLimit))
	defer cancel()
	resolver := d.Resolver
	if resolver == nil {
		resolver = NewResolver()
	}
	// The TTL counts from when it was said at the earliest.
	asked := d.now()
	addresses, hold, err := resolver.Lookup(ctx, name)
	switch {
	case err != nil && context.Cause(ctx) != nil:
		err = fmt.Errorf("look up %s: %w", name, context.Cause(ctx))
	case err == nil && len(addresses) == 0:
		err = fmt.Errorf("look up %s: no address", name)
	}
	a.addresses, a.err, a.until = slices.Clone(addresses), err, asked.Add(min(hold, maxHold))

	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.asked, name)
	if err == nil && hold > 0 {
		d.keep(name, a)
	}
	close(a.done)
}

// keep keeps an answer, in place of those that hold no longer, or of any other one when
// there are too many. The caller holds the lock.
func (d *Dialer) keep(name string, a *answer) {
	if d.known == nil {
		d.known = map[string]*answer{}
	}
	if len(d.known) >= maxKnown {
		now := d.now()
		for other, old := range d.known {
			if !now.Before(old.until) {
				delete(d.known, other)
			}
		}
	}
	for other := range d.known {
		if len(d.known) < maxKnown {
			break
		}
		delete(d.known, other)
	}
	d.known[name] = a
}

// forget drops an answer, unless another one came meanwhile.
func (d *Dialer) forget(name string, a *answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[name] == a {
		delete(d.known, name)
	}
}
