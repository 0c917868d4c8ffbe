package inspect

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// HTTP inspects the requests of a client that connected to port 80 of a name. Each is
// parsed, by strict rules and by Go's own parser, and written again from what both agree
// on, so that what was checked is what the host reads: fields keep their order and
// spelling, but spaces around values go, as do chunk sizes and their extensions; a target
// with the host inside becomes a path; the fields Connection become one. Responses are
// not looked at.
//
// A request with a body is sent with "Connection: close", and nothing is sent behind it.
// A host that takes no notice of a body, because it answered before reading it or
// expected none, would read it as the next request, which nobody has checked.
type HTTP struct {
	name string
	in   *bufio.Reader
	// first is the request that Opening read and Forward has not sent yet.
	first *request
}

// NewHTTP inspects what client says to a name in lower case. It reads ahead.
func NewHTTP(name string, client io.Reader) *HTTP {
	return &HTTP{name: name, in: bufio.NewReader(client)}
}

// Opening reads the head of the first request and checks it. An error that is not a
// *Violation is the client's: io.EOF if it ends before the first byte,
// io.ErrUnexpectedEOF inside.
func (h *HTTP) Opening() error {
	r, err := h.head()
	if err != nil {
		return err
	}
	h.first = r
	return nil
}

// Forward sends the first request with its body, and every one that follows once its head
// is checked. It returns nil when the client has said all it had to say, and an error if
// that ends inside a request, if a request is a *Violation, or if the host takes no more.
// The host may have read the begin of a request then, so that its connection is of no
// more use.
func (h *HTTP) Forward(host io.Writer) error {
	for {
		r := h.first
		h.first = nil
		if r == nil {
			var err error
			if r, err = h.head(); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		}
		if _, err := host.Write(r.head()); err != nil {
			return fmt.Errorf("send a request: %w", err)
		}
		if err := h.forwardBody(host, r); err != nil {
			return err
		}
		if r.last {
			// The host is told that no other request comes: what the client still sends has
			// to be sent again on another connection (RFC 9112, 9.6).
			if _, err := io.Copy(io.Discard, h.in); err != nil {
				return fmt.Errorf("read behind the last request: %w", err)
			}
			return nil
		}
	}
}
