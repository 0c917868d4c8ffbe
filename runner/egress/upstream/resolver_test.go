package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer is a name server on this machine, by UDP and TCP.
type nameServer struct {
	udp net.PacketConn
	tcp net.Listener
	// answer adds the records to an answer.
	answer func(b *dnsmessage.Builder, q dnsmessage.Question) error
	// truncates makes answers by UDP empty and says that they are cut.
	truncates bool

	mu    sync.Mutex
	asked []string
}

func newNameServer(t *testing.T, truncates bool, answer func(*dnsmessage.Builder, dnsmessage.Question) error) *nameServer {
	t.Helper()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{udp: udp, tcp: tcp, answer: answer, truncates: truncates}
	var served sync.WaitGroup
	served.Go(s.serveUDP)
	served.Go(s.serveTCP)
	t.Cleanup(func() {
		_ = udp.Close()
		_ = tcp.Close()
		served.Wait()
	})
	return s
}

func (s *nameServer) serveUDP() {
	buf := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer, err := s.respond("udp", buf[:n], s.truncates); err == nil {
			_, _ = s.udp.WriteTo(answer, from)
		}
	}
}

func (s *nameServer) serveTCP() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		size := make([]byte, 2)
		if _, err := io.ReadFull(conn, size); err == nil {
			question := make([]byte, binary.BigEndian.Uint16(size))
			if _, err := io.ReadFull(conn, question); err == nil {
				if answer, err := s.respond("tcp", question, false); err == nil {
					_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
				}
			}
		}
		_ = conn.Close()
	}
}

func (s *nameServer) respond(network string, question []byte, truncated bool) ([]byte, error) {
	var p dnsmessage.Parser
	h, err := p.Start(question)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.asked = append(s.asked, network+" "+q.Name.String()+" "+strings.TrimPrefix(q.Type.String(), "Type"))
	s.mu.Unlock()
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: h.ID, Response: true, RecursionAvailable: true, Truncated: truncated})
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(q); err != nil {
		return nil, err
	}
	if err := b.StartAnswers(); err != nil {
		return nil, err
	}
	if !truncated {
		if err := s.answer(&b, q); err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

// questions gives what was asked, sorted.
func (s *nameServer) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.asked))
}

// resolver asks the server and no other one.
func (s *nameServer) resolver() *HostResolver {
	return &HostResolver{dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		to := s.udp.LocalAddr().String()
		if network == "tcp" {
			to = s.tcp.Addr().String()
		}
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}}
}

func TestTTLs(t *testing.T) {
	alias := func(ttl uint32) func(*dnsmessage.Builder, dnsmessage.Question) (dnsmessage.Name, error) {
		return func(b *dnsmessage.Builder, q dnsmessage.Question) (dnsmessage.Name, error) {
			to := dnsmessage.MustNewName("host.example.net.")
			return to, b.CNAMEResource(dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: ttl}, dnsmessage.CNAMEResource{CNAME: to})
		}
	}
	for name, c := range map[string]struct {
		a, aaaa map[string]uint32
		alias   func(*dnsmessage.Builder, dnsmessage.Question) (dnsmessage.Name, error)
		ttl     time.Duration
	}{
		"one":              {a: map[string]uint32{"192.0.2.1": 60}, ttl: time.Minute},
		"the shortest":     {a: map[string]uint32{"192.0.2.1": 60, "192.0.2.2": 30}, ttl: 30 * time.Second},
		"of both families": {a: map[string]uint32{"192.0.2.1": 60}, aaaa: map[string]uint32{"2001:db8::1": 20}, ttl: 20 * time.Second},
		"an alias":         {a: map[string]uint32{"192.0.2.1": 60}, alias: alias(5), ttl: 5 * time.Second},
		"a long alias":     {a: map[string]uint32{"192.0.2.1": 60}, alias: alias(600), ttl: time.Minute},
		"a day":            {a: map[string]uint32{"192.0.2.1": 86400}, ttl: 24 * time.Hour},
		"zero":             {a: map[string]uint32{"192.0.2.1": 60, "192.0.2.2": 0}, ttl: 0},
		"with the top bit": {a: map[string]uint32{"192.0.2.1": 1<<31 + 60}, ttl: 0},
		"IPv4 within IPv6": {aaaa: map[string]uint32{"::ffff:192.0.2.1": 60}, ttl: time.Minute},
		"IPv6 alone":       {aaaa: map[string]uint32{"2001:db8::1": 60}, ttl: time.Minute},
		"many for one packet": {a: func() map[string]uint32 {
			many := map[string]uint32{}
			for i := range 200 {
				many[netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String()] = uint32(1000 + i)
			}
			return many
		}(), ttl: 1000 * time.Second},
	} {
		for how, truncates := range map[string]bool{"by UDP": false, "by TCP": true} {
			if len(c.a) > 100 && !truncates {
				continue // no packet holds them
			}
			s := newNameServer(t, truncates, func(b *dnsmessage.Builder, q dnsmessage.Question) error {
				answers := c.a
				if q.Type == dnsmessage.TypeAAAA {
					answers = c.aaaa
				}
				owner := q.Name
				if c.alias != nil {
					to, err := c.alias(b, q)
					if err != nil {
						return err
					}
					owner = to
				}
				for text, ttl := range answers {
					h := dnsmessage.ResourceHeader{Name: owner, Class: q.Class, TTL: ttl}
					address := netip.MustParseAddr(text)
					var err error
					if q.Type == dnsmessage.TypeA {
						err = b.AResource(h, dnsmessage.AResource{A: address.As4()})
					} else {
						err = b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: address.As16()})
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
			found, ttl, err := s.resolver().Lookup(t.Context(), testName)
			var expected []netip.Addr
			for text := range c.a {
				expected = append(expected, netip.MustParseAddr(text))
			}
			for text := range c.aaaa {
				expected = append(expected, netip.MustParseAddr(text).Unmap())
			}
			slices.SortFunc(expected, netip.Addr.Compare)
			slices.SortFunc(found, netip.Addr.Compare)
			if err != nil || ttl != c.ttl || !reflect.DeepEqual(found, expected) {
				t.Errorf("%s, %s: %v for %v, error %v; expected %v for %v", name, how, found, ttl, err, expected, c.ttl)
			}
			asked := []string{"udp api.example.com. A", "udp api.example.com. AAAA"}
			if truncates {
				asked = append([]string{"tcp api.example.com. A", "tcp api.example.com. AAAA"}, asked...)
			}
			if got := s.questions(); !reflect.DeepEqual(got, asked) {
				t.Errorf("%s, %s: asked %q, expected %q", name, how, got, asked)
			}
		}
	}
}

// A name is asked for as it is: the host's search list must not make another one of it.
func TestNamesThatAreNotThere(t *testing.T) {
	for _, name := range []string{testName, "confine-test-host"} {
		s := newNameServer(t, false, func(*dnsmessage.Builder, dnsmessage.Question) error { return nil })
		found, ttl, err := s.resolver().Lookup(t.Context(), name)
		var failure *net.DNSError
		if !errors.As(err, &failure) || !failure.IsNotFound || failure.Name != name || ttl != 0 || len(found) > 0 {
			t.Errorf("%s: %v for %v, error %v", name, found, ttl, err)
		}
		for _, question := range s.questions() {
			if fields := strings.Fields(question); fields[1] != name+"." {
				t.Errorf("%s: asked %q", name, question)
			}
		}
	}
}

// A name of one label that is in no file is asked for like any other, without a domain.
func TestNamesOfOneLabel(t *testing.T) {
	s := newNameServer(t, false, func(b *dnsmessage.Builder, q dnsmessage.Question) error {
		if q.Type != dnsmessage.TypeA {
			return nil
		}
		return b.AResource(dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 600}, dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}})
	})
	found, ttl, err := s.resolver().Lookup(t.Context(), "confine-test-host")
	if err != nil || ttl != 10*time.Minute || !reflect.DeepEqual(found, addresses("192.0.2.1")) {
		t.Errorf("%v for %v, error %v", found, ttl, err)
	}
}

func TestResolverRefusesWhatIsNoName(t *testing.T) {
	for _, name := range []string{"", "192.0.2.1", "::1", "api.example.com."} {
		if found, _, err := NewResolver().Lookup(t.Context(), name); err == nil {
			t.Errorf("%q: %v", name, found)
		}
	}
}

func TestStreamInPieces(t *testing.T) {
	message := func(ttl uint32) []byte {
		b := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true})
		name := dnsmessage.MustNewName("api.example.com.")
		if err := errors.Join(b.StartAnswers(), b.AResource(dnsmessage.ResourceHeader{Name: name, TTL: ttl}, dnsmessage.AResource{})); err != nil {
			t.Fatal(err)
		}
		out, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)
	}
	said := slices.Concat(message(60), message(30), message(90))
	for size := 1; size <= len(said); size++ {
		a, b := net.Pipe()
		go func() {
			_, _ = b.Write(said)
			_ = b.Close()
		}()
		var ttl shortestTTL
		conn := ttl.observe(a)
		if _, packets := conn.(net.PacketConn); packets {
			t.Fatal("a stream became a connection of packets")
		}
		buf := make([]byte, size)
		for {
			if _, err := conn.Read(buf); err != nil {
				break
			}
		}
		if ttl.shortest() != 30*time.Second {
			t.Errorf("in pieces of %d: %v", size, ttl.shortest())
		}
	}
}

func FuzzAnswersTTL(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x80\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, message []byte) {
		seconds, answers := answersTTL(message)
		if answers && seconds > 1<<31-1 {
			t.Fatalf("holds for %d seconds", seconds)
		}
		var m dnsmessage.Message
		if m.Unpack(message) != nil {
			return
		}
		for _, r := range m.Answers {
			if !answers || seconds > r.Header.TTL {
				t.Fatalf("holds for %d seconds (%v), with an answer for %d", seconds, answers, r.Header.TTL)
			}
		}
	})
}
