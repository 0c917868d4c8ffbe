//go:build linux

package egress

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// port is one on which nothing is looked at.
const port = 8443

var nameserver = netip.MustParseAddrPort("198.18.0.1:53")

// world is a gateway whose sockets lie on loopback, and one host that every name leads to.
type world struct {
	*Gateway
	t     *testing.T
	clock *clock
	log   *lines
	host  *net.TCPListener

	mutex sync.Mutex
	// places are where what is opened really listens.
	places map[netip.AddrPort]net.Addr
	opened []netip.AddrPort
	fail   error
	// noUDP is a sandbox without UDP.
	noUDP bool
	// hosts are the addresses that were dialled, and told what the gateway said.
	hosts []netip.AddrPort
	told  []Event
}

func (w *world) ListenTCP(at netip.AddrPort) (Listener, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.fail != nil {
		return nil, w.fail
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	w.places[at] = l.Addr()
	w.opened = append(w.opened, at)
	return l, nil
}

func (w *world) ListenUDP(at netip.AddrPort) (*net.UDPConn, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.noUDP {
		return nil, nil
	}
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err == nil {
		w.places[netip.AddrPortFrom(at.Addr(), 0)] = c.LocalAddr()
	}
	return c, err
}

// Lookup is the resolver of hosts.
func (w *world) Lookup(_ context.Context, name string) ([]netip.Addr, time.Duration, error) {
	switch name {
	case "private.example.com":
		return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, time.Minute, nil
	case "mapped.example.com":
		return []netip.Addr{netip.MustParseAddr("::ffff:169.254.169.254")}, time.Minute, nil
	case "nat64.example.com":
		return []netip.Addr{netip.MustParseAddr("64:ff9b::a9fe:a9fe")}, time.Minute, nil
	case "missing.example.com":
		return nil, 0, errors.New("no such host")
	}
	return []netip.Addr{netip.MustParseAddr("203.0.113.5")}, time.Minute, nil
}

func (w *world) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	w.mutex.Lock()
	w.hosts = append(w.hosts, to)
	w.mutex.Unlock()
	var d net.Dialer
	return d.DialContext(ctx, "tcp", w.host.Addr().String())
}

func (w *world) tell(e Event) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.told = append(w.told, e)
}

// failWith makes listeners fail.
func (w *world) failWith(err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.fail = err
}

// listeners are what was opened, dialled the hosts, and denied what the gateway said of
// denials, each in order.
func (w *world) listeners() []netip.AddrPort { return snapshot(w, &w.opened) }
func (w *world) dialled() []netip.AddrPort   { return snapshot(w, &w.hosts) }
func (w *world) denied() []Event             { return snapshot(w, &w.told) }

func snapshot[T any](w *world, of *[]T) []T {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Clone(*of)
}

// clock is one that tests set.
type clock struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}

// lines is a log. Each Write has to be one line.
type lines struct {
	mutex   sync.Mutex
	written [][]byte
	fail    error
}

func (l *lines) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.fail != nil {
		return 0, l.fail
	}
	l.written = append(l.written, bytes.Clone(p))
	return len(p), nil
}

// failWith makes every Write fail.
func (l *lines) failWith(err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.fail = err
}

// events are all that is in the log.
func (l *lines) events(t testing.TB) []Event {
	t.Helper()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var all []Event
	for _, line := range l.written {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil || bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("%v: no line of JSON: %q", err, line)
		}
		all = append(all, e)
	}
	return all
}

func entry(host string, port uint16, line int) policy.EgressEntry {
	return policy.EgressEntry{Host: host, Port: port, At: policy.Position{File: "p.toml", Line: line, Column: 1}}
}

// network is the policy of most tests.
func network() policy.Network {
	return policy.Network{
		Mode: policy.NetworkEgress, At: policy.Position{File: "p.toml", Line: 2, Column: 1},
		Egress: []policy.EgressEntry{
			entry("*.example.com", 443, 3), entry("*.example.com", port, 4), entry("192.0.2.7", port, 5), entry("2001:db8::7", port, 6),
			entry("plain.example.net", 80, 7), entry("api.example.com", 444, 8),
		},
	}
}

// open starts a gateway, and ends it with the test; then nothing of it may be left.
func open(t *testing.T, n policy.Network, change ...func(*Config)) *world {
	t.Helper()
	before := runtime.NumGoroutine()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, host: l, places: map[netip.AddrPort]net.Addr{}, log: &lines{},
		clock: &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)},
	}
	c := Config{
		Network: n, Gateway: *compiler.GatewayOf(n), Opener: w, Resolver: w, Dial: w.dial,
		Log: w.log, Denied: w.tell, Now: w.clock.Now,
	}
	for _, do := range change {
		do(&c)
	}
	if w.Gateway, err = Start(c); err != nil {
		t.Fatal(err)
	}
	w.Begin()
	t.Cleanup(func() {
		w.Close()
		w.host.Close()
		w.Close()
		settle(t, before)
		w.log.events(t)
	})
	return w
}

// settle waits for goroutines to be gone.
func settle(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			all := make([]byte, 1<<16)
			t.Fatalf("%d goroutines are left, %d were there before:\n%s", runtime.NumGoroutine(), before, all[:runtime.Stack(all, true)])
		}
	}
}

// until waits for what has to become true.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// find waits for an event of the log.
func (w *world) find(what string, is func(Event) bool) Event {
	w.t.Helper()
	var found Event
	until(w.t, what, func() bool {
		all := w.log.events(w.t)
		i := slices.IndexFunc(all, is)
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

// ended waits for the end of a connection.
func (w *world) ended(number uint64) Event {
	w.t.Helper()
	return w.find(fmt.Sprintf("connection %d is over", number), func(e Event) bool {
		return e.Kind == KindClose && e.Connection == number
	})
}

// place is where a listener really is.
func (w *world) place(at netip.AddrPort) net.Addr {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.places[at]
}

func question(id uint16, name string, t dnsmessage.Type) []byte {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name + "."), Type: t, Class: dnsmessage.ClassINET}},
	}
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return packed
}

// ask sends a query by UDP.
func (w *world) ask(query []byte) dnsmessage.Message {
	w.t.Helper()
	c, err := net.Dial("udp", w.place(netip.AddrPortFrom(nameserver.Addr(), 0)).String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(query); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, 65536)
	n, err := c.Read(buf)
	if err != nil {
		w.t.Fatal(err)
	}
	return parsed(w.t, buf[:n])
}

func parsed(t testing.TB, p []byte) dnsmessage.Message {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(p); err != nil {
		t.Fatalf("%v: %x", err, p)
	}
	return m
}

// askTCP sends a query by TCP.
func (w *world) askTCP(query []byte) dnsmessage.Message {
	w.t.Helper()
	c, err := net.Dial("tcp", w.place(nameserver).String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		w.t.Fatal(err)
	}
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, buf); err != nil {
		w.t.Fatal(err)
	}
	return parsed(w.t, buf)
}

// address is the one that a name gets.
func (w *world) address(name string) netip.Addr {
	w.t.Helper()
	m := w.ask(question(1, name, dnsmessage.TypeA))
	if len(m.Answers) != 1 {
		w.t.Fatalf("%s: %s", name, m.GoString())
	}
	return netip.AddrFrom4(m.Answers[0].Body.(*dnsmessage.AResource).A)
}

// reach connects to what was opened.
func (w *world) reach(at netip.AddrPort) (net.Conn, error) {
	place := w.place(at)
	if place == nil {
		return nil, fmt.Errorf("nothing listens at %s", at)
	}
	return net.Dial("tcp", place.String())
}

// refused connects to what the gateway resets at once, which the kernel may tell before the
// connection is there.
func (w *world) refused(to string, port uint16) {
	w.t.Helper()
	ip, err := netip.ParseAddr(to)
	if err != nil {
		ip = w.address(to)
	}
	c, err := w.reach(netip.AddrPortFrom(ip, port))
	if errors.Is(err, unix.ECONNRESET) {
		return
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if n, err := io.Copy(io.Discard, c); !errors.Is(err, unix.ECONNRESET) {
		w.t.Errorf("read %d, %v; expected a reset", n, err)
	}
}

// connect connects as the sandbox does, to a name or an address.
func (w *world) connect(to string, port uint16) *net.TCPConn {
	w.t.Helper()
	ip, err := netip.ParseAddr(to)
	if err != nil {
		ip = w.address(to)
	}
	c, err := w.reach(netip.AddrPortFrom(ip, port))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	w.t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// accepted is the next connection at the host.
func (w *world) accepted() *net.TCPConn {
	w.t.Helper()
	_ = w.host.SetDeadline(time.Now().Add(patience))
	c, err := w.host.AcceptTCP()
	if err != nil {
		w.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	w.t.Cleanup(func() { c.Close() })
	return c
}

// pair is a connection through the gateway, from both ends.
func (w *world) pair() (client, server *net.TCPConn) {
	w.t.Helper()
	client, server = w.connect("api.example.com", port), w.accepted()
	// The host's kernel accepts before the gateway knows that it is connected.
	until(w.t, "the gateway has the host", func() bool {
		return !slices.ContainsFunc(w.live(), func(c *connection) bool {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			return c.host == nil
		})
	})
	return client, server
}

// only is the one connection that is open.
func (w *world) only() *connection {
	w.Gateway.mutex.Lock()
	defer w.Gateway.mutex.Unlock()
	for c := range w.connections {
		return c
	}
	w.t.Fatal("no connection is open")
	return nil
}

func say(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t testing.TB, c net.Conn, text string) {
	t.Helper()
	buf := make([]byte, len(text))
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != text {
		t.Fatalf("heard %q, %v, expected %q", buf, err, text)
	}
}
