package upstream

import (
	"encoding/binary"
	"errors"
	"math"
	"net"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// shortestTTL is the shortest time to live of the answers that were seen on connections to
// name servers: Go's resolver does not tell it.
type shortestTTL struct {
	mu      sync.Mutex
	seen    bool
	seconds uint32
}

// shortest gives the time to live; 0 if no answer was seen.
func (s *shortestTTL) shortest() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.seconds) * time.Second
}

// message takes note of a message of DNS. One that is no answer to a question of ours
// can only shorten the time.
func (s *shortestTTL) message(message []byte) {
	seconds, answers := answersTTL(message)
	if !answers {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen || seconds < s.seconds {
		s.seen, s.seconds = true, seconds
	}
}

// answersTTL gives the shortest time to live of the records in the answer section, aliases
// included; answers is false if there are none. What cannot be read holds for 0 seconds.
func answersTTL(message []byte) (seconds uint32, answers bool) {
	var p dnsmessage.Parser
	if _, err := p.Start(message); err != nil {
		return 0, true
	}
	if err := p.SkipAllQuestions(); err != nil {
		return 0, true
	}
	seconds = math.MaxUint32
	for {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return seconds, answers
		}
		if err != nil || p.SkipAnswer() != nil || h.TTL > math.MaxInt32 {
			return 0, true // a TTL with the top bit set is one of 0 (RFC 2181, 8)
		}
		seconds, answers = min(seconds, h.TTL), true
	}
}

// observe gives a connection to a name server whose answers are taken note of. Go's
// resolver knows one with messages of their own, UDP, by the methods of net.PacketConn.
func (s *shortestTTL) observe(conn net.Conn) net.Conn {
	if packets, ok := conn.(net.PacketConn); ok {
		return &observedPackets{conn, packets, s}
	}
	return &observedStream{Conn: conn, ttl: s}
}

// observedPackets has one message in each packet.
type observedPackets struct {
	net.Conn
	packets net.PacketConn
	ttl     *shortestTTL
}

func (o *observedPackets) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	if err == nil {
		o.ttl.message(p[:n])
	}
	return n, err
}

func (o *observedPackets) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := o.packets.ReadFrom(p)
	if err == nil {
		o.ttl.message(p[:n])
	}
	return n, from, err
}

func (o *observedPackets) WriteTo(p []byte, to net.Addr) (int, error) {
	return o.packets.WriteTo(p, to)
}

// observedStream has two bytes of length before each message (RFC 1035, 4.2.2).
type observedStream struct {
	net.Conn
	ttl *shortestTTL
	// read is what was read of a message that is not complete.
	read []byte
}

func (o *observedStream) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	o.read = append(o.read, p[:n]...)
	for len(o.read) >= 2 {
		end := 2 + int(binary.BigEndian.Uint16(o.read))
		if len(o.read) < end {
			break
		}
		o.ttl.message(o.read[2:end])
		o.read = o.read[end:]
	}
	return n, err
}
