package inspect

import "encoding/binary"

// wire reads the vectors of a TLS message from its front (RFC 8446, 3.4). ok is false
// if fewer bytes are left than a read needs.
type wire []byte

func (w *wire) bytes(n int) (b wire, ok bool) {
	if len(*w) < n {
		return nil, false
	}
	b, *w = (*w)[:n], (*w)[n:]
	return b, true
}

func (w *wire) uint8() (n int, ok bool) {
	b, ok := w.bytes(1)
	if !ok {
		return 0, false
	}
	return int(b[0]), true
}

func (w *wire) uint16() (n int, ok bool) {
	b, ok := w.bytes(2)
	if !ok {
		return 0, false
	}
	return int(binary.BigEndian.Uint16(b)), true
}

// vector8 reads a vector with one byte of length before it, vector16 one with two.
func (w *wire) vector8() (b wire, ok bool) {
	n, ok := w.uint8()
	if !ok {
		return nil, false
	}
	return w.bytes(n)
}

func (w *wire) vector16() (b wire, ok bool) {
	n, ok := w.uint16()
	if !ok {
		return nil, false
	}
	return w.bytes(n)
}
