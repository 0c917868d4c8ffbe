//go:build linux

package egress

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// ednsSize is the largest datagram that is said to be taken (dnsflagday.net/2020).
	ednsSize = 1232
	// rcodeBadVersion is the extended RCODE BADVERS (RFC 6891, 9).
	rcodeBadVersion dnsmessage.RCode = 16
	// Types of questions that ask for a whole zone (RFC 1035 3.2.3, RFC 1995).
	typeIXFR dnsmessage.Type = 251
)

// lookup answers for a name in lower case without the dot at its end: with an address; or
// without one, and RCodeSuccess if the name exists, or else why not.
type lookup func(name string, t dnsmessage.Type) (netip.Addr, dnsmessage.RCode)

// reply is an answer in the making.
type reply struct {
	header   dnsmessage.Header
	question *dnsmessage.Question
	// edns says that the query has an OPT record, and so has the answer.
	edns, dnssec bool
	address      netip.Addr
}

// answer answers a message of the DNS, or gives nil if it is none that is answered. No
// answer is larger than 12 + 259 + 16 octets and 11 for EDNS, or 33 in place of the 16: it
// fits in 512 octets, so that none is truncated by any transport.
func answer(query []byte, look lookup) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	// An answer to an answer could go on for ever.
	if err != nil || h.Response {
		return nil
	}
	r := &reply{header: dnsmessage.Header{
		ID: h.ID, Response: true, OpCode: h.OpCode, RecursionDesired: h.RecursionDesired, CheckingDisabled: h.CheckingDisabled,
		// Clients take an answer without data from a server that is neither for a referral
		// to others, and call it lame.
		Authoritative: true, RecursionAvailable: true,
	}}
	return r.pack(r.judge(&p, look))
}

// judge reads the query and gives the RCODE of its answer.
func (r *reply) judge(p *dnsmessage.Parser, look lookup) dnsmessage.RCode {
	if r.header.OpCode != 0 {
		return dnsmessage.RCodeNotImplemented
	}
	q, err := p.Question()
	if err != nil {
		return dnsmessage.RCodeFormatError
	}
	// A query has one question (RFC 9619).
	if _, err := p.Question(); !errors.Is(err, dnsmessage.ErrSectionDone) {
		return dnsmessage.RCodeFormatError
	}
	r.question = &q
	version, err := r.readEDNS(p)
	switch {
	case err != nil:
		return dnsmessage.RCodeFormatError
	case version > 0:
		return rcodeBadVersion
	case q.Class != dnsmessage.ClassINET, q.Type == dnsmessage.TypeAXFR, q.Type == typeIXFR:
		return dnsmessage.RCodeRefused
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	address, rcode := look(name, q.Type)
	r.address = address
	return rcode
}

var errOPT = errors.New("an OPT record out of place")

// readEDNS reads the OPT record, of which there is at most one, that of the root
// (RFC 6891, 6.1.1).
func (r *reply) readEDNS(p *dnsmessage.Parser) (version uint8, err error) {
	if err := p.SkipAllAnswers(); err != nil {
		return 0, err
	}
	if err := p.SkipAllAuthorities(); err != nil {
		return 0, err
	}
	for {
		h, err := p.AdditionalHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return version, nil
		}
		if err != nil {
			return 0, err
		}
		if h.Type == dnsmessage.TypeOPT {
			if r.edns || h.Name.String() != "." {
				return 0, errOPT
			}
			r.edns, r.dnssec, version = true, h.DNSSECAllowed(), uint8(h.TTL>>16)
		}
		if err := p.SkipAdditional(); err != nil {
			return 0, err
		}
	}
}

// pack gives the message.
func (r *reply) pack(rcode dnsmessage.RCode) []byte {
	m := dnsmessage.Message{Header: r.header}
	m.RCode = rcode & 0xf
	if r.question != nil {
		m.Questions = []dnsmessage.Question{*r.question}
	}
	switch {
	case r.address.IsValid():
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: r.question.Name, Class: dnsmessage.ClassINET, TTL: uint32(answerTTL.Seconds())},
			Body:   &dnsmessage.AResource{A: r.address.As4()},
		}}
	case rcode == dnsmessage.RCodeSuccess, rcode == dnsmessage.RCodeNameError:
		m.Authorities = []dnsmessage.Resource{negative()}
	}
	if r.edns {
		var h dnsmessage.ResourceHeader
		// No size and RCODE are out of the record's range.
		_ = h.SetEDNS0(ednsSize, rcode, r.dnssec)
		m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{}}}
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// negative is the record by which clients keep an answer without data (RFC 2308): the SOA
// of the one zone there is.
func negative() dnsmessage.Resource {
	root := dnsmessage.MustNewName(".")
	ttl := uint32(answerTTL.Seconds())
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: root, Class: dnsmessage.ClassINET, TTL: ttl},
		Body:   &dnsmessage.SOAResource{NS: root, MBox: root, Serial: 1, Refresh: ttl, Retry: ttl, Expire: ttl, MinTTL: ttl},
	}
}
