//go:build linux

package egress

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestAnswers(t *testing.T) {
	w := open(t, network())
	first := netip.MustParseAddr("198.19.0.1")
	tests := []struct {
		name    string
		kind    dnsmessage.Type
		rcode   dnsmessage.RCode
		address netip.Addr
	}{
		{"api.example.com", dnsmessage.TypeA, dnsmessage.RCodeSuccess, first},
		{"API.Example.com", dnsmessage.TypeA, dnsmessage.RCodeSuccess, first},
		{"deep.in.example.com", dnsmessage.TypeA, dnsmessage.RCodeSuccess, first.Next()},
		{"_tcp.under_score.example.com", dnsmessage.TypeA, dnsmessage.RCodeSuccess, first.Next().Next()},
		{"api.example.com", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, netip.Addr{}},
		{"never.example.com", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, netip.Addr{}},
		{"api.example.com", dnsmessage.TypeALL, dnsmessage.RCodeSuccess, netip.Addr{}},
		{"api.example.com", dnsmessage.TypeTXT, dnsmessage.RCodeSuccess, netip.Addr{}},
		{"api.example.com", 65, dnsmessage.RCodeSuccess, netip.Addr{}}, // HTTPS
		{"api.example.com", dnsmessage.TypeAXFR, dnsmessage.RCodeRefused, netip.Addr{}},
		{"api.example.com", typeIXFR, dnsmessage.RCodeRefused, netip.Addr{}},
		{"example.com", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"evil.example", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"evil.example", dnsmessage.TypeTXT, dnsmessage.RCodeNameError, netip.Addr{}},
		{"api.example.com.evil.example", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"evilexample.com", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"192.0.2.7", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"2001:db8::7", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"7.2.0.192.in-addr.arpa", dnsmessage.TypePTR, dnsmessage.RCodeNameError, netip.Addr{}},
		{"a b.example.com", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"\x1b[2J\n.example.com", dnsmessage.TypeA, dnsmessage.RCodeNameError, netip.Addr{}},
		{"", dnsmessage.TypeNS, dnsmessage.RCodeNameError, netip.Addr{}},
	}
	for i, tt := range tests {
		for transport, ask := range map[string]func([]byte) dnsmessage.Message{"UDP": w.ask, "TCP": w.askTCP} {
			m := ask(question(uint16(i), tt.name, tt.kind))
			what := fmt.Sprintf("%s %s by %s", tt.kind, tt.name, transport)
			if m.ID != uint16(i) || !m.Response || m.RCode != tt.rcode || !m.Authoritative || !m.RecursionAvailable || len(m.Questions) != 1 || len(m.Additionals) != 0 {
				t.Errorf("%s: %s", what, m.GoString())
				continue
			}
			if m.Questions[0].Name.String() != tt.name+"." {
				t.Errorf("%s: the question came back as %q", what, m.Questions[0].Name)
			}
			negative := !tt.address.IsValid() && tt.rcode != dnsmessage.RCodeRefused
			if (len(m.Authorities) == 1) != negative || (len(m.Answers) == 1) != tt.address.IsValid() {
				t.Errorf("%s: %s", what, m.GoString())
				continue
			}
			if negative {
				soa := m.Authorities[0]
				if soa.Header.TTL != 60 || soa.Body.(*dnsmessage.SOAResource).MinTTL != 60 {
					t.Errorf("%s: %s", what, m.GoString())
				}
				continue
			}
			if !tt.address.IsValid() {
				continue
			}
			a := m.Answers[0]
			if a.Header.TTL != 60 || netip.AddrFrom4(a.Body.(*dnsmessage.AResource).A) != tt.address {
				t.Errorf("%s: %s", what, m.GoString())
			}
		}
	}
	w.Close()
	denied := map[string]string{}
	allowed := map[string]uint64{}
	for _, e := range w.log.events(t) {
		switch {
		case e.Kind != KindResolve:
		case e.Verdict == Denied:
			denied[e.Host] = e.Because
			if e.At.Line != 2 {
				t.Errorf("%s at %s", e.Host, e.At)
			}
		default:
			allowed[e.Host] = max(allowed[e.Host], e.Times)
		}
	}
	want := map[string]string{
		"example.com": becauseNotInEgress, "evil.example": becauseNotInEgress, "api.example.com.evil.example": becauseNotInEgress,
		"evilexample.com": becauseNotInEgress, "192.0.2.7": "an address is no name", `2001\058db8\058\0587`: "an address is no name",
		`a\032b.example.com`: "not the name of a host", `\027\0912j\010.example.com`: "not the name of a host", ".": becauseNotInEgress,
	}
	if fmt.Sprint(denied) != fmt.Sprint(want) {
		t.Errorf("denied %q\nexpected %q", denied, want)
	}
	// Four A (two spellings, two transports); two AAAA, and six of others.
	if got := allowed["api.example.com"]; got != 6 {
		t.Errorf("api.example.com was allowed %d times", got)
	}
	for _, e := range w.denied() {
		if e.Verdict != Denied {
			t.Errorf("told of %+v", e)
		}
	}
}

// One attempt of a client is two questions.
func TestBothFamiliesAreOneAttempt(t *testing.T) {
	w := open(t, network())
	for range 3 {
		w.ask(question(1, "evil.example", dnsmessage.TypeA))
		w.ask(question(2, "evil.example", dnsmessage.TypeAAAA))
	}
	w.Close()
	var times []uint64
	for _, e := range w.log.events(t) {
		times = append(times, e.Times)
	}
	if fmt.Sprint(times) != "[0 3]" {
		t.Errorf("times %v, expected a line at once and one with 3", times)
	}
}

func TestProtocol(t *testing.T) {
	look := func(string, dnsmessage.Type) (netip.Addr, dnsmessage.RCode) {
		return netip.MustParseAddr("198.19.0.1"), dnsmessage.RCodeSuccess
	}
	plain := question(7, "a.example", dnsmessage.TypeA)
	edit := func(do func(*dnsmessage.Message)) []byte {
		m := parsed(t, plain)
		do(&m)
		p, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	opt := func(name string, ttl uint32) dnsmessage.Resource {
		return dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Class: 4096, TTL: ttl},
			Body:   &dnsmessage.OPTResource{Options: []dnsmessage.Option{{Code: 10, Data: []byte("cookie!!")}}},
		}
	}
	with := func(options ...dnsmessage.Resource) []byte {
		return edit(func(m *dnsmessage.Message) { m.Additionals = options })
	}
	const dropped = -1
	tests := []struct {
		name  string
		query []byte
		rcode int
		edns  bool
	}{
		{"plain", plain, 0, false},
		{"nothing", nil, dropped, false},
		{"half a header", plain[:11], dropped, false},
		{"an answer", edit(func(m *dnsmessage.Message) { m.Response = true }), dropped, false},
		{"a header", plain[:12], 1, false},
		{"a name that ends too early", plain[:15], 1, false},
		{"no question", edit(func(m *dnsmessage.Message) { m.Questions = nil }), 1, false},
		{"two questions", edit(func(m *dnsmessage.Message) { m.Questions = append(m.Questions, m.Questions[0]) }), 1, false},
		{"NOTIFY", edit(func(m *dnsmessage.Message) { m.OpCode = 4 }), 4, false},
		{"UPDATE", edit(func(m *dnsmessage.Message) { m.OpCode = 5 }), 4, false},
		{"class CH", edit(func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassCHAOS }), 5, false},
		{"class ANY", edit(func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassANY }), 5, false},
		{"EDNS", with(opt(".", 0)), 0, true},
		{"EDNS with DO", with(opt(".", 1<<15)), 0, true},
		{"EDNS version 1", with(opt(".", 1<<16)), 16, true},
		{"two OPT", with(opt(".", 0), opt(".", 0)), 1, true},
		{"OPT of a name", with(opt("a.example.", 0)), 1, false},
		{"a name that points to itself", append(plain[:12:12], 0xc0, 12, 0, 1, 0, 1), 1, false},
		{"more behind it", append(plain[:len(plain):len(plain)], "trailing"...), 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := answer(tt.query, look)
			if tt.rcode == dropped {
				if a != nil {
					t.Errorf("answered %x", a)
				}
				return
			}
			m := parsed(t, a)
			rcode, edns := int(m.RCode), len(m.Additionals) == 1
			if edns {
				h := m.Additionals[0].Header
				rcode = int(h.ExtendedRCode(m.RCode))
				if h.Class != ednsSize || h.DNSSECAllowed() != (tt.name == "EDNS with DO") {
					t.Errorf("OPT %s", h.GoString())
				}
			}
			if m.ID != 7 || rcode != tt.rcode || edns != tt.edns || (len(m.Answers) == 1) != (rcode == 0) {
				t.Errorf("answered %s", m.GoString())
			}
		})
	}
}

// The kernel refuses ports that nothing listens at.
func TestOnlyNamedPortsListen(t *testing.T) {
	w := open(t, network())
	api, other, plain := w.address("api.example.com"), w.address("other.example.com"), w.address("plain.example.net")
	want := []string{
		"198.18.0.1:53", "192.0.2.7:8443", "[2001:db8::7]:8443",
		api.String() + ":443", api.String() + ":8443", api.String() + ":444",
		other.String() + ":443", other.String() + ":8443", plain.String() + ":80",
	}
	if fmt.Sprint(w.listeners()) != fmt.Sprint(want) {
		t.Errorf("opened %v\nexpected %v", w.listeners(), want)
	}
}

func TestParallelLookups(t *testing.T) {
	w := open(t, network())
	addresses := make([]netip.Addr, 32)
	var all sync.WaitGroup
	for i := range addresses {
		all.Go(func() {
			ask := w.ask
			if i%2 == 0 {
				ask = w.askTCP
			}
			m := ask(question(1, "api.example.com", dnsmessage.TypeA))
			if len(m.Answers) == 1 {
				addresses[i] = netip.AddrFrom4(m.Answers[0].Body.(*dnsmessage.AResource).A)
			}
		})
	}
	all.Wait()
	for _, a := range addresses {
		if a != netip.MustParseAddr("198.19.0.1") {
			t.Fatalf("addresses %v", addresses)
		}
	}
	if len(w.listeners()) != 6 {
		t.Errorf("opened %v", w.listeners())
	}
}

func TestOpenerFails(t *testing.T) {
	w := open(t, network())
	w.failWith(errors.New("the namespace is gone"))
	if m := w.ask(question(1, "api.example.com", dnsmessage.TypeA)); m.RCode != dnsmessage.RCodeServerFailure {
		t.Errorf("answered %s", m.GoString())
	}
	e := w.find("the failure", func(e Event) bool { return e.Verdict == Failed })
	if e.Kind != KindResolve || e.Host != "api.example.com" || !strings.Contains(e.Because, "the namespace is gone") {
		t.Errorf("%+v", e)
	}
	w.failWith(nil)
	w.address("api.example.com")
}

func TestSessionsAreBounded(t *testing.T) {
	w := open(t, network())
	place := w.place(nameserver).String()
	var held []net.Conn
	for range maxSessions {
		c, err := net.Dial("tcp", place)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		held = append(held, c)
	}
	c, err := net.Dial("tcp", place)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if n, err := c.Read(make([]byte, 1)); n != 0 || errors.Is(err, errTimeout(err)) {
		t.Errorf("one session too many: read %d, %v", n, err)
	}
	held[0].Close()
	until(t, "there is room again", func() bool {
		c, err := net.Dial("tcp", place)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		q := question(1, "api.example.com", dnsmessage.TypeA)
		_, _ = c.Write(append([]byte{0, byte(len(q))}, q...))
		n, _ := c.Read(make([]byte, 2))
		return n > 0
	})
}

// errTimeout gives err if it is a time limit, or an error that is none.
func errTimeout(err error) error {
	var limit net.Error
	if errors.As(err, &limit) && limit.Timeout() {
		return err
	}
	return errors.ErrUnsupported
}

func TestSessionEndsAtNonsense(t *testing.T) {
	w := open(t, network())
	for _, sent := range [][]byte{{0, 0}, {0, 3, 1, 2, 3}, {0xff, 0xff}} {
		c, err := net.Dial("tcp", w.place(nameserver).String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = c.Write(sent)
		if n, err := c.Read(make([]byte, 1)); n != 0 || errors.Is(err, errTimeout(err)) {
			t.Errorf("%x: read %d, %v", sent, n, err)
		}
		c.Close()
	}
}
