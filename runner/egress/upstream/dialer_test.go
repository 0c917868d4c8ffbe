package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"confine/policy"
)

const testName = "api.example.com"

func addresses(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

// lookups answers every look-up with the next of its answers, the last one again and
// again, and counts them.
type lookups struct {
	mu      sync.Mutex
	asked   []string
	answers []lookup
	after   time.Duration
}

type lookup struct {
	addresses []netip.Addr
	ttl       time.Duration
	err       error
}

func (l *lookups) Lookup(ctx context.Context, name string) ([]netip.Addr, time.Duration, error) {
	l.mu.Lock()
	a := l.answers[min(len(l.asked), len(l.answers)-1)]
	l.asked = append(l.asked, name)
	l.mu.Unlock()
	if l.after > 0 {
		select {
		case <-time.After(l.after):
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	return a.addresses, a.ttl, a.err
}

func (l *lookups) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.asked)
}

// host is a connection that knows its address and whether it was closed.
type host struct {
	net.Conn
	at     netip.AddrPort
	closed atomic.Bool
}

func (h *host) Close() error {
	h.closed.Store(true)
	return nil
}

// hosts are those that answer: each after a time, or with an error. Others never do.
type hosts struct {
	after  map[string]time.Duration
	errs   map[string]error
	mu     sync.Mutex
	dialed []string
	// at is when each was dialled since began.
	at    []time.Duration
	began time.Time
	conns []*host
	// stubborn hosts connect though nobody waits for them any more.
	stubborn bool
}

func (h *hosts) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	key := to.Addr().String()
	h.mu.Lock()
	h.dialed = append(h.dialed, key)
	h.at = append(h.at, time.Since(h.began))
	h.mu.Unlock()
	if err := h.errs[key]; err != nil {
		return nil, err
	}
	after, answers := h.after[key]
	if !answers {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}
	done := ctx.Done()
	if h.stubborn {
		done = nil
	}
	select {
	case <-time.After(after):
	case <-done:
		return nil, ctx.Err()
	}
	conn := &host{at: to}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns = append(h.conns, conn)
	return conn, nil
}

func none(netip.Addr) (string, bool) { return "", false }

func TestHappyEyeballs(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for name, c := range map[string]struct {
		addresses []string
		after     map[string]time.Duration
		errs      map[string]error
		// connected is the address, or err has the words of the error.
		connected, err string
		dialed         []string
		at             []time.Duration
	}{
		"the first answers": {
			addresses: []string{"192.0.2.1", "192.0.2.2"},
			after:     map[string]time.Duration{"192.0.2.1": 200 * time.Millisecond},
			connected: "192.0.2.1", dialed: []string{"192.0.2.1"}, at: []time.Duration{0},
		},
		"the first is silent": {
			addresses: []string{"2001:db8::1", "2001:db8::2", "192.0.2.1"},
			after:     map[string]time.Duration{"192.0.2.1": 0},
			connected: "192.0.2.1", dialed: []string{"2001:db8::1", "192.0.2.1"}, at: []time.Duration{0, 250 * time.Millisecond},
		},
		"the first is slow and still first": {
			addresses: []string{"192.0.2.1", "192.0.2.2"},
			after:     map[string]time.Duration{"192.0.2.1": 300 * time.Millisecond, "192.0.2.2": 100 * time.Millisecond},
			connected: "192.0.2.1", dialed: []string{"192.0.2.1", "192.0.2.2"}, at: []time.Duration{0, 250 * time.Millisecond},
		},
		"a failure is not waited for": {
			addresses: []string{"192.0.2.1", "2001:db8::1", "192.0.2.2"},
			errs:      map[string]error{"192.0.2.1": refused, "2001:db8::1": refused},
			after:     map[string]time.Duration{"192.0.2.2": 0},
			connected: "192.0.2.2", dialed: []string{"192.0.2.1", "2001:db8::1", "192.0.2.2"}, at: []time.Duration{0, 0, 0},
		},
		"families take turns": {
			addresses: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "::ffff:192.0.2.1"},
			after:     map[string]time.Duration{"192.0.2.3": 0},
			connected: "192.0.2.3", dialed: []string{"192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3"},
			at: []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, 750 * time.Millisecond},
		},
		"an address is dialled once": {
			addresses: []string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"},
			errs:      map[string]error{"192.0.2.1": refused},
			err:       "connect to api.example.com:443: 192.0.2.1: connection refused",
			dialed:    []string{"192.0.2.1"}, at: []time.Duration{0},
		},
		"all fail": {
			addresses: []string{"192.0.2.1", "2001:db8::1"},
			errs:      map[string]error{"192.0.2.1": refused},
			err:       "connect to api.example.com:443: 192.0.2.1: connection refused, 2001:db8::1: no answer in 10s",
			dialed:    []string{"192.0.2.1", "2001:db8::1"}, at: []time.Duration{0, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hosts{after: c.after, errs: c.errs, began: time.Now()}
				d := &Dialer{
					Resolver: &lookups{answers: []lookup{{addresses: addresses(c.addresses...)}}},
					Refuses:  none, Dial: h.dial,
				}
				conn, to, err := d.Connect(t.Context(), testName, 443)
				if c.err != "" {
					if err == nil || err.Error() != c.err || conn != nil {
						t.Fatalf("error %v, expected %s", err, c.err)
					}
				} else if err != nil || to != netip.AddrPortFrom(netip.MustParseAddr(c.connected), 443) || conn.(*host).at != to {
					t.Fatalf("connected to %v, error %v, expected %s", to, err, c.connected)
				}
				if !reflect.DeepEqual(h.dialed, c.dialed) || !reflect.DeepEqual(h.at, c.at) {
					t.Errorf("dialled %v at %v, expected %v at %v", h.dialed, h.at, c.dialed, c.at)
				}
			})
		})
	}
}

func TestErrorsKeepTheirCause(t *testing.T) {
	h := &hosts{errs: map[string]error{"192.0.2.1": &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}}}
	d := &Dialer{Resolver: &lookups{answers: []lookup{{addresses: addresses("192.0.2.1")}}}, Refuses: none, Dial: h.dial}
	if _, _, err := d.Connect(t.Context(), testName, 443); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("error %v, expected EHOSTUNREACH in it", err)
	}
}

func TestLosersAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{stubborn: true, after: map[string]time.Duration{
			"192.0.2.1": 2 * time.Second, "192.0.2.2": time.Second, "192.0.2.3": 3 * time.Second,
		}}
		d := &Dialer{
			Resolver: &lookups{answers: []lookup{{addresses: addresses("192.0.2.1", "192.0.2.2", "192.0.2.3")}}},
			Refuses:  none, Dial: h.dial,
		}
		won, _, err := d.Connect(t.Context(), testName, 443)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(h.conns) != 3 {
			t.Fatalf("%d connections, expected 3", len(h.conns))
		}
		for _, conn := range h.conns {
			if conn.closed.Load() == (net.Conn(conn) == won) {
				t.Errorf("%v: closed %v", conn.at, conn.closed.Load())
			}
		}
	})
}

func TestNotMoreThanSixteenAddressesAreDialled(t *testing.T) {
	h := &hosts{errs: map[string]error{}}
	var all []string
	for i := range 20 {
		all = append(all, fmt.Sprintf("192.0.2.%d", i))
		h.errs[all[i]] = syscall.ECONNREFUSED
	}
	d := &Dialer{Resolver: &lookups{answers: []lookup{{addresses: addresses(all...)}}}, Refuses: none, Dial: h.dial}
	if _, _, err := d.Connect(t.Context(), testName, 443); err == nil || !reflect.DeepEqual(h.dialed, all[:maxAddresses]) {
		t.Errorf("dialled %v, error %v", h.dialed, err)
	}
}

func TestRefusedAddressesAreNotDialled(t *testing.T) {
	private := policy.Network{Private: []policy.PrivateNetwork{{Prefix: netip.MustParsePrefix("10.1.0.0/16")}}}
	allOfIPv6 := policy.Network{Private: []policy.PrivateNetwork{{Prefix: netip.MustParsePrefix("::/0")}}}
	for name, c := range map[string]struct {
		addresses []string
		network   policy.Network
		dialed    []string
		// refused is the address of the error; none is expected if it is empty.
		refused string
	}{
		"public":                          {addresses: []string{"192.0.2.1"}, dialed: []string{"192.0.2.1"}},
		"this machine":                    {addresses: []string{"127.0.0.1"}, refused: "127.0.0.1"},
		"metadata":                        {addresses: []string{"169.254.169.254"}, refused: "169.254.169.254"},
		"private":                         {addresses: []string{"10.1.2.3", "192.168.0.1"}, refused: "10.1.2.3"},
		"private, allowed":                {addresses: []string{"10.1.2.3"}, network: private, dialed: []string{"10.1.2.3"}},
		"private, another allowed":        {addresses: []string{"10.2.2.3"}, network: private, refused: "10.2.2.3"},
		"IPv4 in IPv6":                    {addresses: []string{"::ffff:169.254.169.254"}, refused: "169.254.169.254"},
		"IPv4 in IPv6, allowed":           {addresses: []string{"::ffff:10.1.2.3"}, network: private, dialed: []string{"10.1.2.3"}},
		"NAT64":                           {addresses: []string{"64:ff9b::a9fe:a9fe"}, refused: "64:ff9b::a9fe:a9fe"},
		"NAT64, of an ordinary address":   {addresses: []string{"64:ff9b::203.0.113.7"}, dialed: []string{"64:ff9b::cb00:7107"}},
		"NAT64, allowed inside":           {addresses: []string{"64:ff9b::10.1.2.3"}, network: private, dialed: []string{"64:ff9b::a01:203"}},
		"metadata, all of IPv6 allowed":   {addresses: []string{"64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254"}, network: allOfIPv6, refused: "64:ff9b::a9fe:a9fe"},
		"tunnels, all of IPv6 allowed":    {addresses: []string{"2002:a9fe:a9fe::1", "2001::1", "::a9fe:a9fe"}, network: allOfIPv6, refused: "2002:a9fe:a9fe::1"},
		"no address, all allowed":         {addresses: []string{"::", "0.0.0.0"}, network: allOfIPv6, refused: "::"},
		"NAT64 of a site":                 {addresses: []string{"64:ff9b:1::a9fe:a9fe"}, refused: "64:ff9b:1::a9fe:a9fe"},
		"6to4":                            {addresses: []string{"2002:a9fe:a9fe::1"}, refused: "2002:a9fe:a9fe::1"},
		"Teredo":                          {addresses: []string{"2001::1"}, refused: "2001::1"},
		"unique local":                    {addresses: []string{"fd00:ec2::254"}, refused: "fd00:ec2::254"},
		"link-local with a zone":          {addresses: []string{"fe80::1%lo"}, refused: "fe80::1%lo"},
		"public with a zone":              {addresses: []string{"2001:db8::1%lo"}, refused: "2001:db8::1%lo"},
		"the first is refused":            {addresses: []string{"127.0.0.1", "::1", "192.0.2.1"}, dialed: []string{"192.0.2.1"}},
		"others are refused":              {addresses: []string{"192.0.2.1", "127.0.0.1"}, dialed: []string{"192.0.2.1"}},
		"many are refused before the one": {addresses: append(strings.Fields(strings.Repeat("10.0.0.1 10.0.0.2 ", 20)), "192.0.2.1"), dialed: []string{"192.0.2.1"}},
	} {
		h := &hosts{after: map[string]time.Duration{}}
		for _, address := range c.dialed {
			h.after[address] = 0
		}
		d := &Dialer{Resolver: &lookups{answers: []lookup{{addresses: addresses(c.addresses...)}}}, Refuses: c.network.Refuses, Dial: h.dial}
		_, _, err := d.Connect(t.Context(), testName, 443)
		var refused *Refused
		switch {
		case !reflect.DeepEqual(h.dialed, c.dialed):
			t.Errorf("%s: dialled %v, expected %v", name, h.dialed, c.dialed)
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.refused != "" && (!errors.As(err, &refused) || refused.Address.String() != c.refused || refused.What == ""):
			t.Errorf("%s: error %v, expected a refusal of %s", name, err, c.refused)
		}
	}
}

// A dialer that nobody told what to refuse refuses every special address.
func TestRefusesByItself(t *testing.T) {
	h := &hosts{}
	for _, address := range [][]netip.Addr{addresses("169.254.169.254"), {{}}} {
		d := &Dialer{Resolver: &lookups{answers: []lookup{{addresses: address}}}, Dial: h.dial}
		var refused *Refused
		if _, _, err := d.Connect(t.Context(), testName, 80); !errors.As(err, &refused) || len(h.dialed) > 0 {
			t.Errorf("%v: error %v, dialled %v", address, err, h.dialed)
		}
	}
}

func TestRebinding(t *testing.T) {
	h := &hosts{after: map[string]time.Duration{"192.0.2.1": 0, "10.0.0.1": 0}}
	l := &lookups{answers: []lookup{{addresses: addresses("192.0.2.1")}, {addresses: addresses("10.0.0.1")}}}
	d := &Dialer{Resolver: l, Refuses: policy.Network{}.Refuses, Dial: h.dial}
	if _, to, err := d.Connect(t.Context(), testName, 443); err != nil || to.Addr().String() != "192.0.2.1" {
		t.Fatalf("first: %v, error %v", to, err)
	}
	var refused *Refused
	if _, _, err := d.Connect(t.Context(), testName, 443); !errors.As(err, &refused) || len(h.dialed) != 1 || l.count() != 2 {
		t.Errorf("second: error %v, dialled %v after %d look-ups", err, h.dialed, l.count())
	}
}

func TestAddressesAreKeptForTheirTTL(t *testing.T) {
	at := func(address string, ttl time.Duration) lookup { return lookup{addresses: addresses(address), ttl: ttl} }
	nothing := lookup{err: &net.DNSError{Err: "no such host", Name: testName, IsNotFound: true}}
	for name, c := range map[string]struct {
		answers []lookup
		waits   []time.Duration
		// asked is how many look-ups were made after each connection.
		asked []int
	}{
		"within and after":         {[]lookup{at("192.0.2.1", time.Minute)}, []time.Duration{0, 59 * time.Second, time.Second}, []int{1, 1, 2}},
		"no TTL":                   {[]lookup{at("192.0.2.1", 0)}, []time.Duration{0, 0}, []int{1, 2}},
		"a negative TTL":           {[]lookup{at("192.0.2.1", -time.Second)}, []time.Duration{0, 0}, []int{1, 2}},
		"a day":                    {[]lookup{at("192.0.2.1", 24*time.Hour)}, []time.Duration{0, maxHold - time.Second, time.Second}, []int{1, 1, 2}},
		"a failure is not kept":    {[]lookup{nothing, at("192.0.2.1", time.Minute)}, []time.Duration{0, 0, 0}, []int{1, 2, 2}},
		"no address is not kept":   {[]lookup{{ttl: time.Minute}, at("192.0.2.1", time.Minute)}, []time.Duration{0, 0}, []int{1, 2}},
		"who is gone is not kept":  {[]lookup{at("192.0.2.9", time.Minute), at("192.0.2.1", time.Minute)}, []time.Duration{0, 0, 0}, []int{1, 2, 2}},
		"kept without a failure":   {[]lookup{at("192.0.2.1", time.Minute), nothing}, []time.Duration{0, 0}, []int{1, 1}},
		"an address that is wrong": {[]lookup{at("10.0.0.1", time.Minute), at("192.0.2.1", time.Minute)}, []time.Duration{0, 0}, []int{1, 2}},
	} {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		h := &hosts{after: map[string]time.Duration{"192.0.2.1": 0}, errs: map[string]error{"192.0.2.9": syscall.EHOSTUNREACH}}
		l := &lookups{answers: c.answers}
		d := &Dialer{Resolver: l, Refuses: policy.Network{}.Refuses, Dial: h.dial, Now: func() time.Time { return now }}
		for i, wait := range c.waits {
			now = now.Add(wait)
			_, _, err := d.Connect(t.Context(), testName, 443)
			if l.count() != c.asked[i] {
				t.Errorf("%s: %d look-ups after connection %d (error %v), expected %d", name, l.count(), i+1, err, c.asked[i])
			}
		}
	}
}

func TestKeptNamesAreBounded(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := &hosts{after: map[string]time.Duration{"192.0.2.1": 0}}
	l := &lookups{answers: []lookup{{addresses: addresses("192.0.2.1"), ttl: time.Minute}}}
	d := &Dialer{Resolver: l, Refuses: none, Dial: h.dial, Now: func() time.Time { return now }}
	connect := func(name string) {
		t.Helper()
		if _, _, err := d.Connect(t.Context(), name, 443); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxKnown + 10 {
		connect(fmt.Sprintf("a%d.example.com", i))
		if len(d.known) > maxKnown {
			t.Fatalf("%d names kept", len(d.known))
		}
	}
	now = now.Add(time.Minute)
	connect(testName)
	if len(d.known) != 1 {
		t.Errorf("%d names kept when only one holds", len(d.known))
	}
}

func TestLookupsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{after: map[string]time.Duration{"192.0.2.1": 0}}
		l := &lookups{answers: []lookup{{addresses: addresses("192.0.2.1")}}, after: time.Second}
		d := &Dialer{Resolver: l, Refuses: none, Dial: h.dial}
		first, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 10)
		go func() {
			_, _, err := d.Connect(first, testName, 443)
			errs <- err
		}()
		synctest.Wait()
		for range 9 {
			go func() {
				_, _, err := d.Connect(t.Context(), testName, 443)
				errs <- err
			}()
		}
		synctest.Wait()
		cancel()
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("who went away: error %v", err)
		}
		for range 9 {
			if err := <-errs; err != nil {
				t.Errorf("who waited: %v", err)
			}
		}
		if l.count() != 1 || len(d.asked) != 0 {
			t.Errorf("%d look-ups, %d left running", l.count(), len(d.asked))
		}
	})
}

func TestTimeLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lookups{answers: []lookup{{}}, after: time.Hour}
		d := &Dialer{Resolver: l, Refuses: none}
		began := time.Now()
		_, _, err := d.Connect(t.Context(), testName, 443)
		if err == nil || err.Error() != "look up api.example.com: no answer in 10s" || time.Since(began) != lookupLimit {
			t.Errorf("look-up: error %v after %v", err, time.Since(began))
		}

		h := &hosts{}
		d = &Dialer{Resolver: &lookups{answers: []lookup{{addresses: addresses("192.0.2.1"), ttl: time.Minute}}}, Refuses: none, Dial: h.dial}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err = d.Connect(ctx, testName, 443); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("connection: error %v", err)
		}
		if len(d.known) != 1 {
			t.Errorf("addresses dropped because the caller went away")
		}
		synctest.Wait()
	})
}

func TestOnlyNamesAreLookedUp(t *testing.T) {
	l := &lookups{answers: []lookup{{addresses: addresses("192.0.2.1")}}}
	d := &Dialer{Resolver: l, Refuses: none}
	for _, name := range []string{"", "192.0.2.1", "::1", "fe80::1%lo", "api.example.com."} {
		if _, _, err := d.Connect(t.Context(), name, 443); err == nil || l.count() > 0 {
			t.Errorf("%q: error %v, %d look-ups", name, err, l.count())
		}
	}
}

// TestConnectsByTCP dials for real, to this machine.
func TestConnectsByTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	d := &Dialer{Resolver: &lookups{answers: []lookup{{addresses: addresses("127.0.0.1")}}}, Refuses: none}
	conn, to, err := d.Connect(t.Context(), testName, at.Port())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if to != at || conn.RemoteAddr().String() != at.String() {
		t.Errorf("connected to %v, %v, expected %v", to, conn.RemoteAddr(), at)
	}
	_ = l.Close()
	if _, _, err := d.Connect(t.Context(), testName, at.Port()); err == nil ||
		err.Error() != fmt.Sprintf("connect to api.example.com:%d: 127.0.0.1: connection refused", at.Port()) {
		t.Errorf("error %v", err)
	}
}
