package inspect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The types of handshake messages (RFC 8446, 4).
const (
	clientHello = 1
	serverHello = 2
)

// handshakeHeader is the type of a handshake message and the length of what follows.
const handshakeHeader = 4

const (
	// maxHello is how many bytes the records of one hello have at most. One with shares of
	// keys for post-quantum groups has some 2 KB.
	maxHello = 64 << 10
	// maxEarly is how many bytes of early data are held at most until the second hello.
	maxEarly = 128 << 10
)

// TLS inspects a connection that a client opened to port 443 of Name, which is a name of
// DNS in lower case. Opening, Answer and, after a request to retry, Again are called one
// after the other; then both directions can be copied. No call consumes a byte beyond the
// last record that it returns, and none sets a time limit: the reader has to.
//
// An error that is not a *Violation is the reader's: io.EOF if it ends before the first
// byte, io.ErrUnexpectedEOF inside.
type TLS struct{ Name string }

// Opening reads the records that hold the client's hello and checks whom it names. The
// records are for the host as they are.
func (t TLS) Opening(client io.Reader) (first []byte, err error) {
	r, err := readRecord(client, maxHello)
	if err != nil {
		return nil, failure("the client's hello", err)
	}
	if r.kind() != handshake {
		return nil, &Violation{"TLS that does not begin with a hello"}
	}
	return t.hello(r, client)
}

// Answer reads what the host says first, which is for the client as it is, and reports
// whether it asks for another hello (HelloRetryRequest). What is no ServerHello, an alert
// for example, is returned as far as it was read to know that. The end of the stream is no
// error: whoever copies on meets it again.
func (t TLS) Answer(server io.Reader) (head []byte, retry bool, err error) {
	var message []byte
	for {
		r, err := readRecord(server, maxHello-len(head))
		head = append(head, r...)
		var none *Violation
		switch {
		case errors.As(err, &none), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return head, false, nil
		case err != nil:
			return head, false, failure("the host's hello", err)
		case passedOver(r) && len(message) == 0:
			continue
		case r.kind() != handshake:
			return head, false, nil
		}
		message = append(message, r.body()...)
		if message[0] != serverHello {
			return head, false, nil
		}
		if n, known := messageLength(message); known && len(message) >= n {
			return head, isRetry(message[handshakeHeader:n]), nil
		}
	}
}

// passedOver reports whether a host may send a record before its hello without ending the
// handshake: a warning, of an unknown server name for example (RFC 6066, 3), or a change
// of ciphers for the sake of old middleboxes (RFC 8446, 5).
func passedOver(r record) bool {
	const warning = 1
	return r.kind() == changeCipherSpec || r.kind() == alert && r.body()[0] == warning
}

// retryRandom is in place of the random of a ServerHello that is a HelloRetryRequest: the
// SHA-256 of that name (RFC 8446, 4.1.3).
var retryRandom = sha256.Sum256([]byte("HelloRetryRequest"))

// isRetry reports whether a ServerHello, without the header of the handshake, is a
// HelloRetryRequest.
func isRetry(hello wire) bool {
	_, versionOK := hello.uint16()
	random, randomOK := hello.bytes(len(retryRandom))
	return versionOK && randomOK && bytes.Equal(random, retryRandom[:])
}

// Again reads what the client says after a request to retry, up to the second hello,
// which has to name the same server, and which is the only one that counts then. Before
// it may lie a change of ciphers for the sake of old middleboxes (RFC 8446, D.4), and
// early data that was sent before the request was read: the host passes over that
// (RFC 8446, 4.2.10). An alert is an error, and nothing is for the host then.
func (t TLS) Again(client io.Reader) (second []byte, err error) {
	changed := false
	for {
		r, err := readRecord(client, maxEarly-len(second))
		if err != nil {
			return nil, failure("the client's second hello", err)
		}
		switch r.kind() {
		case handshake:
			hello, err := t.hello(r, client)
			if err != nil {
				return nil, err
			}
			return append(second, hello...), nil
		case alert:
			// Not every host ends the connection at every alert: none is let past, or a hello
			// could follow that nobody looks at.
			return nil, errors.New("the client ended the TLS handshake with an alert")
		case changeCipherSpec:
			if changed || !bytes.Equal(r.body(), []byte{1}) {
				return nil, &Violation{"TLS with a change of ciphers in place of a second hello"}
			}
			changed = true
		}
		second = append(second, r...)
	}
}

// hello reads the records of a ClientHello after the first, checks whom it names, and
// returns all of them.
func (t TLS) hello(first record, client io.Reader) ([]byte, error) {
	raw, message := []byte(first), bytes.Clone(first.body())
	for {
		if message[0] != clientHello {
			return nil, &Violation{"TLS that does not begin with a hello"}
		}
		n, known := messageLength(message)
		switch {
		case known && n > maxHello:
			return nil, &Violation{fmt.Sprintf("a TLS hello of %d bytes", n)}
		case known && len(message) > n:
			// Nothing is left to say before the host has answered, but early data, which is in
			// records of its own.
			return nil, &Violation{"a TLS hello with another message behind it"}
		case known && len(message) == n:
			if err := checkHello(message[handshakeHeader:], t.Name); err != nil {
				return nil, err
			}
			return raw, nil
		}
		r, err := readRecord(client, maxHello-len(raw))
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, failure("the client's hello", err)
		}
		if r.kind() != handshake {
			return nil, &Violation{"a TLS hello with another record inside"}
		}
		raw = append(raw, r...)
		message = append(message, r.body()...)
	}
}

// messageLength gives how many bytes a handshake message has with its header, as soon as
// the header is there.
func messageLength(message []byte) (n int, known bool) {
	if len(message) < handshakeHeader {
		return 0, false
	}
	return handshakeHeader + int(binary.BigEndian.Uint32(message)&0xffffff), true
}

// failure says what could not be read; a violation stands for itself.
func failure(what string, err error) error {
	var v *Violation
	if errors.As(err, &v) {
		return v
	}
	return fmt.Errorf("read %s: %w", what, err)
}
