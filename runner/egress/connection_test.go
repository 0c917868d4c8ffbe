//go:build linux

package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy"
)

func TestHalfClose(t *testing.T) {
	for _, first := range []string{"the program", "the host"} {
		t.Run(first+" ends first", func(t *testing.T) {
			w := open(t, network())
			client, server := w.pair()
			one, other := client, server
			if first == "the host" {
				one, other = server, client
			}
			say(t, one, "question")
			if err := one.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(other); err != nil || string(got) != "question" {
				t.Fatalf("%q, %v", got, err)
			}
			say(t, other, "an answer after the end")
			if err := other.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(one); err != nil || string(got) != "an answer after the end" {
				t.Fatalf("%q, %v", got, err)
			}
			e := w.ended(1)
			sent, received := uint64(8), uint64(23)
			if first == "the host" {
				sent, received = received, sent
			}
			if e.Verdict != Allowed || e.Because != "" || e.Sent != sent || e.Received != received {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	say(t, client, "secret payload")
	hear(t, server, "secret payload")
	client.Close()
	server.Close()
	w.ended(1)
	literal := w.connect("192.0.2.7", port)
	w.accepted().Close()
	literal.Close()
	w.ended(2)
	six := w.connect("2001:db8::7", port)
	w.accepted().Close()
	six.Close()
	w.ended(3)
	var got []string
	for _, e := range w.log.events(t) {
		if e.Time != w.clock.now {
			t.Errorf("time %s", e.Time)
		}
		got = append(got, fmt.Sprintf("%s %s %s:%d %s #%d %d %d %d %s", e.Kind, e.Verdict, e.Host, e.Port, e.Address, e.Connection, e.Sent, e.Received, e.At.Line, e.Because))
	}
	want := []string{
		"resolve allowed api.example.com:0  #0 0 0 3 ",
		"open allowed api.example.com:8443 203.0.113.5:8443 #1 0 0 4 ",
		"close allowed api.example.com:8443 203.0.113.5:8443 #1 14 0 4 ",
		"open allowed 192.0.2.7:8443 192.0.2.7:8443 #2 0 0 5 ",
		"close allowed 192.0.2.7:8443 192.0.2.7:8443 #2 0 0 5 ",
		"open allowed 2001:db8::7:8443 [2001:db8::7]:8443 #3 0 0 6 ",
		"close allowed 2001:db8::7:8443 [2001:db8::7]:8443 #3 0 0 6 ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("log\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, line := range w.log.written {
		if bytes.Contains(line, []byte("secret")) {
			t.Errorf("payload in the log: %s", line)
		}
	}
	if len(w.denied()) != 0 {
		t.Errorf("denied %+v", w.denied())
	}
}

// broke reads until the connection is reset.
func broke(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := io.Copy(io.Discard, c); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("read %d, %v; expected a reset", n, err)
	}
}

func TestResets(t *testing.T) {
	for _, of := range []side{sideProgram, sideHost} {
		t.Run(string(of), func(t *testing.T) {
			w := open(t, network())
			client, server := w.pair()
			one, other := client, server
			if of == sideHost {
				one, other = server, client
			}
			say(t, one, "x")
			hear(t, other, "x")
			reset(one)
			broke(t, other)
			if e := w.ended(1); e.Verdict != Failed || e.Because != string(of)+" reset it" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A reset of a side that has nothing more to say is met by nobody who waits to read.
func TestResetBehindTheEnd(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(server); err != nil {
		t.Fatal(err)
	}
	reset(client)
	until(t, "the gateway saw the reset", func() bool {
		w.sweep()
		return slices.ContainsFunc(w.log.events(t), func(e Event) bool { return e.Kind == KindClose })
	})
	until(t, "the host saw the reset", func() bool { return hasError(server) })
	if e := w.ended(1); e.Verdict != Allowed || e.Because != "the program closed it" {
		t.Errorf("%+v", e)
	}
}

// The end of both directions is no reset, whatever is still unread.
func TestSweepSparesAnEnd(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	if err := server.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(client); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 16<<20)
	var all sync.WaitGroup
	all.Go(func() {
		_, _ = client.Write(data)
		client.Close()
	})
	hear(t, server, "\x00")
	for range 50 {
		w.sweep()
		time.Sleep(time.Millisecond)
	}
	if n, err := io.Copy(io.Discard, server); err != nil || n != int64(len(data)-1) {
		t.Errorf("%d bytes, %v", n, err)
	}
	all.Wait()
	if e := w.ended(1); e.Because != "" {
		t.Errorf("%+v", e)
	}
}

func TestIdle(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	w.clock.pass(50 * time.Minute)
	say(t, server, "news")
	hear(t, client, "news")
	until(t, "the news is counted", func() bool { return w.only().received.Load() == 4 })
	w.clock.pass(50 * time.Minute)
	w.sweep()
	say(t, client, "still there")
	hear(t, server, "still there")
	until(t, "the words are counted", func() bool { return w.only().sent.Load() == 11 })
	w.clock.pass(idleLimit + time.Second)
	w.sweep()
	broke(t, client)
	broke(t, server)
	if e := w.ended(1); e.Verdict != Failed || !strings.HasPrefix(e.Because, "nothing went through for ") {
		t.Errorf("%+v", e)
	}
}

func TestMaxConnections(t *testing.T) {
	n := network()
	n.MaxConnections, n.MaxConnectionsAt = 2, policy.Position{File: "p.toml", Line: 12, Column: 1}
	w := open(t, n)
	client, server := w.pair()
	w.pair()
	for range 3 {
		w.refused("api.example.com", port)
	}
	say(t, client, "x")
	hear(t, server, "x")
	client.Close()
	server.Close()
	w.ended(1)
	w.pair()
	w.Close()
	var got []string
	for _, e := range w.log.events(t) {
		if e.Verdict == Denied {
			got = append(got, fmt.Sprintf("%s %s:%d %s at %d, %d times", e.Kind, e.Host, e.Port, e.Because, e.At.Line, e.Times))
		}
	}
	const denied = "open api.example.com:8443 2 connections are open, as many as network.max_connections at 12, "
	if !slices.Equal(got, []string{denied + "0 times", denied + "3 times"}) {
		t.Errorf("%q", got)
	}
	if len(w.denied()) != 3 {
		t.Errorf("told of %+v", w.denied())
	}
}

func TestMaxBytes(t *testing.T) {
	n := network()
	n.MaxBytes, n.MaxBytesAt = 1000, policy.Position{File: "p.toml", Line: 11, Column: 1}
	w := open(t, n)
	client, server := w.pair()
	idle, far := w.pair()
	say(t, client, strings.Repeat("c", 600))
	hear(t, server, strings.Repeat("c", 600))
	say(t, far, strings.Repeat("s", 400))
	hear(t, idle, strings.Repeat("s", 400)) // the last that there is
	say(t, server, "s")
	broke(t, client)
	broke(t, server)
	broke(t, idle)
	broke(t, far)
	one, two := w.ended(1), w.ended(2)
	if one.Verdict != Denied || one.Because != "the 1000 bytes of network.max_bytes are used up" || one.At.Line != 11 {
		t.Errorf("%+v", one)
	}
	if two.Verdict != Failed || two.Because != one.Because || one.Sent+one.Received+two.Sent+two.Received != 1000 {
		t.Errorf("%+v, then %+v", one, two)
	}
	w.refused("api.example.com", port)
	w.find("the denial", func(e Event) bool { return e.Kind == KindOpen && e.Verdict == Denied && e.Because == one.Because })
}

// No byte goes through beyond the budget, however much there is at once.
func TestMaxBytesInOnePiece(t *testing.T) {
	n := network()
	n.MaxBytes = 300_000
	w := open(t, n)
	client, server := w.pair()
	var all sync.WaitGroup
	all.Go(func() { _, _ = client.Write(make([]byte, 8<<20)) })
	got, err := io.Copy(io.Discard, server)
	if !errors.Is(err, unix.ECONNRESET) || got > 300_000 {
		t.Errorf("%d bytes, %v", got, err)
	}
	all.Wait()
	if e := w.ended(1); e.Sent != 300_000 {
		t.Errorf("%+v", e)
	}
}

func TestBudget(t *testing.T) {
	b := newBudget(10)
	if got := b.take(7); got != 7 {
		t.Errorf("took %d", got)
	}
	if got := b.take(7); got != 3 || !b.usedUp() {
		t.Errorf("took %d", got)
	}
	b.giveBack(2)
	if got := b.take(1); got != 1 || b.usedUp() {
		t.Errorf("took %d", got)
	}
	for _, limit := range []uint64{0, 1 << 63, ^uint64(0)} {
		if got := newBudget(limit).take(1 << 40); got != 1<<40 {
			t.Errorf("limit %d: took %d", limit, got)
		}
	}
}

func TestHostNotReached(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(*world, *Config)
		verdict Verdict
		because string
		line    int
	}{
		{"private.example.com", nil, Denied, "its address 169.254.169.254 is link-local, with the clouds' metadata services: network.private does not hold it", 2},
		{"missing.example.com", nil, Failed, "no such host", 4},
		{"closed.example.com", func(w *world, _ *Config) { w.host.Close() }, Failed, "connection refused", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := open(t, network())
			if tt.prepare != nil {
				tt.prepare(w, &w.config)
			}
			w.refused(tt.name, port)
			e := w.find("the failure", func(e Event) bool { return e.Kind == KindOpen })
			if e.Verdict != tt.verdict || !strings.Contains(e.Because, tt.because) || e.At.Line != tt.line || e.Address != "" {
				t.Errorf("%+v", e)
			}
			if (len(w.denied()) == 1) != (tt.verdict == Denied) {
				t.Errorf("told of %+v", w.denied())
			}
		})
	}
}

// The metadata service is refused in every spelling, also where all of IPv6 is opened.
func TestMetadataInIPv6(t *testing.T) {
	n := network()
	n.Private = []policy.PrivateNetwork{{Prefix: netip.MustParsePrefix("::/0")}}
	for _, name := range []string{"mapped.example.com", "nat64.example.com"} {
		w := open(t, n)
		w.refused(name, port)
		e := w.find("the refusal", func(e Event) bool { return e.Kind == KindOpen })
		if e.Verdict != Denied || !strings.Contains(e.Because, "the clouds' metadata services") || len(w.dialled()) > 0 {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// What is no socket of the kernel's would be copied through memory.
func TestHostIsASocket(t *testing.T) {
	w := open(t, network(), func(c *Config) {
		c.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) {
			a, b := net.Pipe()
			t.Cleanup(func() { b.Close() })
			return a, nil
		}
	})
	w.refused("192.0.2.7", port)
	if e := w.find("the failure", func(e Event) bool { return e.Verdict == Failed }); e.Because != "the connection to the host is a *net.pipe" {
		t.Errorf("%+v", e)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	dialling := make(chan struct{})
	w := open(t, network(), func(c *Config) {
		dial := c.Dial
		c.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			if to.Addr().Is6() {
				close(dialling)
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return dial(ctx, to)
		}
	})
	client, server := w.pair()
	silent := w.connect("api.example.com", 443)
	waiting := w.connect("2001:db8::7", port)
	<-dialling
	session, err := net.Dial("tcp", w.place(nameserver).String())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	until(t, "all are accepted", func() bool {
		w.Gateway.mutex.Lock()
		defer w.Gateway.mutex.Unlock()
		return len(w.connections) == 3 && len(w.closers) == 5
	})
	w.Close()
	broke(t, client)
	broke(t, server)
	broke(t, silent)
	broke(t, waiting)
	if e := w.ended(1); e.Verdict != Allowed || e.Because != "the run ended" {
		t.Errorf("%+v", e)
	}
	for at, place := range w.places {
		if c, err := net.Dial("tcp", place.String()); err == nil && at.Port() != 0 {
			c.Close()
			t.Errorf("%s still listens", at)
		}
	}
	if w.start(func() {}) || w.keep(session) {
		t.Error("something starts after the end")
	}
	if _, err := w.listen(netip.MustParseAddrPort("198.19.9.9:1"), destination{}); !errors.Is(err, errClosed) {
		t.Errorf("listens after the end: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	w := open(t, network())
	for _, fails := range []error{errors.New("no namespace")} {
		w.failWith(fails)
		c := w.config
		c.Opener = w
		if _, err := Start(c); !errors.Is(err, fails) {
			t.Errorf("%v", err)
		}
	}
	if _, err := Start(Config{Network: network()}); err == nil {
		t.Error("started without addresses")
	}
	w.failWith(nil)
}

// tlsHost serves HTTPS in the place of the world's host.
func tlsHost(w *world, retry bool) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(rw, "%s has %d bytes", r.TLS.ServerName, n)
	}))
	s.Listener.Close()
	s.Listener = w.host
	s.TLS = &tls.Config{}
	if retry {
		s.TLS.CurvePreferences = []tls.CurveID{tls.CurveP384}
	}
	s.StartTLS()
	w.t.Cleanup(s.Close)
	return s
}

// browse gives a client that connects as the sandbox does, and names server in its hello.
func (w *world) browse(s *httptest.Server, server string, to uint16) *http.Client {
	transport := s.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		name, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return w.connect(name, to), nil
	}
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.ServerName = server
		transport.TLSClientConfig.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP384}
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func TestTLS(t *testing.T) {
	for _, retry := range []bool{false, true} {
		t.Run(fmt.Sprintf("retry %v", retry), func(t *testing.T) {
			w := open(t, network())
			s := tlsHost(w, retry)
			body := bytes.Repeat([]byte("secret"), 100_000)
			client := w.browse(s, "api.example.com", 443)
			resp, err := client.Post("https://api.example.com/", "text/plain", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || string(got) != fmt.Sprintf("api.example.com has %d bytes", len(body)) {
				t.Errorf("%q, %v", got, err)
			}
			resp.Body.Close()
			client.CloseIdleConnections()
			// The client closes with something unread at times, which is a reset.
			if e := w.ended(1); e.Verdict == Denied || e.Sent < uint64(len(body)) || e.Received == 0 {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestFrontingInTLS(t *testing.T) {
	w := open(t, network())
	s := tlsHost(w, false)
	if _, err := w.browse(s, "other.example.com", 443).Get("https://api.example.com/"); err == nil {
		t.Error("a name in the policy stood for another")
	}
	e := w.find("the denial", func(e Event) bool { return e.Verdict == Denied })
	if e.Kind != KindOpen || e.Host != "api.example.com" || e.Port != 443 || !strings.Contains(e.Because, "other.example.com") || e.At.Line != 2 {
		t.Errorf("%+v", e)
	}
	if len(w.dialled()) != 0 {
		t.Errorf("connected to %v", w.dialled())
	}
	n := network()
	n.Fronting = policy.FrontingAllow
	w = open(t, n)
	s = tlsHost(w, false)
	client := w.browse(s, "other.example.com", 443)
	client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
	resp, err := client.Get("https://api.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// plainHost serves HTTP in the place of the world's host.
func plainHost(w *world) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(rw, "%s has %d bytes", r.Host, n)
	}))
	s.Listener.Close()
	s.Listener = w.host
	s.Start()
	w.t.Cleanup(s.Close)
	return s
}

func TestHTTP(t *testing.T) {
	w := open(t, network())
	client := w.browse(plainHost(w), "", 80)
	for i := range 3 {
		resp, err := client.Post("http://plain.example.net/", "text/plain", strings.NewReader(strings.Repeat("x", 100_000*i)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != fmt.Sprintf("plain.example.net has %d bytes", 100_000*i) {
			t.Errorf("%q, %v", got, err)
		}
		resp.Body.Close()
	}
	client.CloseIdleConnections()
	if e := w.ended(1); e.Verdict == Denied || e.Sent == 0 || e.Received == 0 {
		t.Errorf("%+v", e)
	}
}

func TestFrontingInHTTP(t *testing.T) {
	w := open(t, network())
	plainHost(w)
	const good = "GET / HTTP/1.1\r\nHost: plain.example.net\r\n\r\n"
	const bad = "GET / HTTP/1.1\r\nHost: evil.example\r\nAuthorization: secret\r\n\r\n"
	first := w.connect("plain.example.net", 80)
	say(t, first, bad)
	broke(t, first)
	e := w.find("the denial", func(e Event) bool { return e.Verdict == Denied })
	if e.Kind != KindOpen || !strings.Contains(e.Because, "evil.example") || len(w.dialled()) != 0 {
		t.Errorf("%+v, dialled %v", e, w.dialled())
	}
	second := w.connect("plain.example.net", 80)
	say(t, second, good)
	hear(t, second, "HTTP/1.1 200 OK")
	say(t, second, bad)
	broke(t, second)
	e = w.find("the denial", func(e Event) bool { return e.Kind == KindClose && e.Verdict == Denied })
	if !strings.Contains(e.Because, "evil.example") || e.Sent == 0 || e.Sent > uint64(len(good)+10) {
		t.Errorf("%+v", e)
	}
}

func TestProgramSaysNothing(t *testing.T) {
	w := open(t, network())
	c := w.connect("api.example.com", 443)
	c.Close()
	e := w.find("the end", func(e Event) bool { return e.Kind == KindOpen })
	if e.Verdict != Failed || e.Because != "the program closed it before the end" || len(w.dialled()) != 0 {
		t.Errorf("%+v", e)
	}
}

// A line without a terminal's control characters, which stays one line.
func TestLogIsSafe(t *testing.T) {
	out := &lines{}
	var told []Event
	j := newJournal(out, func(e Event) { told = append(told, e) }, time.Now)
	j.begin()
	j.tell(Event{Kind: KindOpen, Verdict: Denied, Host: "a\x1b[2J\nb\x7f\u009b\u202e\xff", Because: strings.Repeat("long ", 1000)})
	j.finish()
	line := out.written[0]
	if i := bytes.IndexFunc(line[:len(line)-1], func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 || len(line) > 2*maxText {
		t.Errorf("%d: %q", i, line)
	}
	if told[0].Host != `a\u{1b}[2J\u{a}b\u{7f}\u{9b}\u{202e}\xff` {
		t.Errorf("%q", told[0].Host)
	}
}

func TestLogIsBounded(t *testing.T) {
	out := &lines{}
	told := 0
	j := newJournal(out, func(Event) { told++ }, time.Now)
	j.begin()
	for i := range maxTallies + 5 {
		j.count(Event{Kind: KindResolve, Verdict: Denied, Host: fmt.Sprint(i)}, laneA)
	}
	j.count(Event{Kind: KindResolve, Verdict: Denied, Host: "7"}, laneA)
	j.count(Event{Kind: KindResolve, Verdict: Allowed, Host: "a.example"}, laneA)
	if len(out.written) != maxTallies+2 {
		t.Fatalf("%d lines", len(out.written))
	}
	j.finish()
	// Nobody waits for who is told.
	if told == 0 || told > maxTallies+6 {
		t.Errorf("told %d times", told)
	}
	all := out.events(t)[maxTallies+2:]
	if len(all) != 2 || all[0].Host != "7" || all[0].Times != 2 || all[1].Host != "" || all[1].Times != 5 || !strings.Contains(all[1].Because, "only counted") {
		t.Errorf("%+v", all)
	}
}

func TestLogFails(t *testing.T) {
	w := open(t, network())
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	w.log.failWith(unix.ENOSPC)
	w.address("api.example.com")
	if err := w.Err(); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%v", err)
	}
}

func TestNoLog(t *testing.T) {
	w := open(t, network(), func(c *Config) { c.Log, c.Denied = nil, nil })
	client, server := w.pair()
	say(t, client, "x")
	hear(t, server, "x")
	if m := w.ask(question(1, "evil.example", 1)); m.RCode != 3 {
		t.Errorf("%s", m.GoString())
	}
}

// The names of the log's fields are what readers of it rely on.
func TestEventFields(t *testing.T) {
	line, err := json.Marshal(Event{
		Kind: KindClose, Verdict: Allowed, Host: "a.example", Port: 443, Protocol: "udp", Address: "192.0.2.1:443", Connection: 1,
		Because: "why", At: policy.Position{File: "p.toml", Line: 1, Column: 2}, Times: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"time":"0001-01-01T00:00:00Z","event":"close","verdict":"allowed","host":"a.example","port":443,"protocol":"udp","address":"192.0.2.1:443","connection":1,"sent":0,"received":0,"because":"why","at":{"file":"p.toml","line":1,"column":2},"times":3}`
	if string(line) != want {
		t.Errorf("%s", line)
	}
}
