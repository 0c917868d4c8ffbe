package inspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"slices"
)

// forwardBody copies the body of a request as it comes.
func (h *HTTP) forwardBody(host io.Writer, r *request) error {
	if r.chunked {
		return h.forwardChunks(host)
	}
	// CopyN says io.EOF of a body that ends early.
	if _, err := io.CopyN(host, h.in, r.length); errors.Is(err, io.EOF) {
		return fmt.Errorf("read the body of a request: %w", io.ErrUnexpectedEOF)
	} else if err != nil {
		return fmt.Errorf("copy the body of a request: %w", err)
	}
	return nil
}

// forwardChunks copies a body whose length is not known before its end, in chunks of its
// own.
func (h *HTTP) forwardChunks(host io.Writer) error {
	body := httputil.NewChunkedReader(h.in)
	out := bufio.NewWriter(host)
	chunks := httputil.NewChunkedWriter(out)
	for buf := make([]byte, 32<<10); ; {
		n, err := body.Read(buf)
		if n > 0 {
			// A chunk of no bytes would be the end.
			if _, err := chunks.Write(buf[:n]); err != nil {
				return fmt.Errorf("send the body of a request: %w", err)
			}
			if err := out.Flush(); err != nil {
				return fmt.Errorf("send the body of a request: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the body of a request: %w", err)
		}
	}
	trailer, err := (&lines{h.in, maxHead}).fields()
	var v *Violation
	switch {
	case errors.As(err, &v):
		return v
	case err != nil:
		return fmt.Errorf("read the end of a request: %w", err)
	case slices.ContainsFunc(trailer, notInTrailer):
		return &Violation{"an HTTP body with a field behind it that belongs into the head"}
	}
	var end bytes.Buffer
	end.WriteString("0\r\n")
	writeFields(&end, trailer)
	end.WriteString("\r\n")
	if _, err := host.Write(end.Bytes()); err != nil {
		return fmt.Errorf("send the end of a request: %w", err)
	}
	return nil
}

// notInTrailer reports whether a field says where a request goes or how long it is, which
// a host may merge into the head (RFC 9110, 6.5.1).
func notInTrailer(f field) bool {
	return slices.ContainsFunc([]string{
		"host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te", "trailer",
	}, f.is)
}
