package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The content types of TLS records (RFC 8446, 5.1).
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23
)

const (
	recordHeader = 5
	// maxPlaintext and maxCiphertext are how many bytes a record holds at most (RFC 8446,
	// 5.1 and 5.2).
	maxPlaintext  = 1 << 14
	maxCiphertext = maxPlaintext + 256
)

// record is a TLS record as it was read, its header included.
type record []byte

func (r record) kind() byte   { return r[0] }
func (r record) body() []byte { return r[recordHeader:] }

// readRecord reads one record and no byte more. Of a record with more bytes than room,
// and of what is no record, only the header is read; the error is a *Violation then, and
// the bytes that were read are returned with every error.
func readRecord(from io.Reader, room int) (record, error) {
	r := make(record, recordHeader)
	n, err := io.ReadFull(from, r)
	if err != nil {
		return r[:n], err
	}
	length := int(binary.BigEndian.Uint16(r[3:]))
	switch {
	// A hello of SSL 2.0 has a length with the top bit set in place of type and version
	// (RFC 5246, E.2).
	case r[0]&0x80 != 0 && r[2] == clientHello:
		return r, &Violation{"a hello of SSL 2.0, which names no server"}
	// The first record may have the version of any SSL 3.0 to TLS 1.2; TLS 1.3 says 1.2.
	case r.kind() < changeCipherSpec || r.kind() > applicationData || r[1] != 3 || r[2] > 3:
		return r, &Violation{"not TLS"}
	case r.kind() != applicationData && (length == 0 || length > maxPlaintext) || length > maxCiphertext:
		return r, &Violation{fmt.Sprintf("a TLS record of %d bytes", length)}
	case recordHeader+length > room:
		return r, &Violation{"more TLS records than the gateway holds before it has seen the server's name"}
	}
	r = append(r, make([]byte, length)...)
	n, err = io.ReadFull(from, r.body())
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return r[:recordHeader+n], err
}
