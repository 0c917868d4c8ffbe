//go:build linux

package egress

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// FuzzDNS answers any bytes: what comes back is a message that fits any transport, belongs
// to the query, and has an address for a name of the policy alone.
func FuzzDNS(f *testing.F) {
	plain := question(7, "a.example.com", dnsmessage.TypeA)
	f.Add(plain)
	f.Add(question(1, "evil.example", dnsmessage.TypeAAAA))
	f.Add(question(2, strings.Repeat(strings.Repeat("x", 61)+".", 4)+"com", dnsmessage.TypeTXT))
	f.Add(question(3, "7.2.0.192.in-addr.arpa", dnsmessage.TypePTR))
	f.Add(append(plain[:12:12], 0xc0, 12, 0, 1, 0, 1))
	f.Add(append(plain[:10:10], append([]byte{0, 1}, append(plain[12:len(plain):len(plain)], 0, 0, 41, 4, 0, 0, 0, 0x80, 0, 0, 0)...)...))
	f.Add(append(plain[:10:10], append([]byte{0, 2}, append(plain[12:len(plain):len(plain)], 0, 0, 41, 4, 0, 0, 1, 0, 0, 0, 4, 0, 10, 0, 0, 0, 0, 41)...)...))
	network := network()
	f.Fuzz(func(t *testing.T, query []byte) {
		listener := listener{map[netip.AddrPort]bool{}}
		g := &Gateway{config: Config{Network: network}}
		out := &lines{}
		now := (&clock{}).Now
		g.journal = newJournal(out, nil, now)
		g.journal.begin()
		n, _, _ := table("198.19.0.0/16")
		n.listen, g.names = listener.listen, n
		before := bytes.Clone(query)
		a := answer(query, g.resolve)
		if !bytes.Equal(query, before) {
			t.Fatal("the query was written to")
		}
		out.events(t)
		for _, line := range out.written {
			if bytes.IndexFunc(line[:len(line)-1], func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
				t.Errorf("log %q", line)
			}
		}
		if a == nil {
			if len(query) >= 12 && query[2]&0x80 == 0 {
				t.Errorf("no answer to %x", query)
			}
			return
		}
		m := parsed(t, a)
		if len(a) > 512 || !m.Response || m.Truncated || m.ID != binary.BigEndian.Uint16(query) {
			t.Errorf("answer of %d bytes: %s", len(a), m.GoString())
		}
		if len(m.Answers) == 0 {
			return
		}
		name := strings.ToLower(strings.TrimSuffix(m.Questions[0].Name.String(), "."))
		if len(g.entriesFor(name)) == 0 || !isHostname(name) || len(listener.open) == 0 {
			t.Errorf("%q has an address", name)
		}
	})
}
