package inspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// request is the head of a request, checked.
type request struct {
	method, target, version string
	// fields are those of the client without Connection and what frames the body.
	fields []field
	// connection are the elements of Connection.
	connection []string
	// sized is set if a length was said, which is length then.
	sized   bool
	length  int64
	chunked bool
	// last is set if no other request comes behind it.
	last bool
}

// head reads the head of a request and checks that it is one for the name.
func (h *HTTP) head() (*request, error) {
	r, err := h.readRequest()
	var v *Violation
	switch {
	case err == nil:
	case errors.As(err, &v):
		return nil, v
	default:
		return nil, fmt.Errorf("read a request: %w", err)
	}
	if err := h.sameToGo(r); err != nil {
		return nil, err
	}
	return r, nil
}

func (h *HTTP) readRequest() (*request, error) {
	// What is no HTTP at all, TLS for example, may never end a line.
	if first, err := h.in.Peek(1); err != nil {
		return nil, err
	} else if first[0] != '\r' && !isTokenByte(first[0]) {
		return nil, &Violation{"not HTTP"}
	}
	l := &lines{h.in, maxHead}
	line, err := l.next()
	if line == "" && err == nil {
		// Old clients send an empty line behind a body (RFC 9112, 2.2).
		line, err = l.next()
	}
	if err != nil {
		return nil, err
	}
	r, err := parseRequestLine(line)
	if err != nil {
		return nil, err
	}
	fields, err := l.fields()
	if err != nil {
		return nil, err
	}
	if err := r.take(fields); err != nil {
		return nil, err
	}
	return r, h.forName(r)
}

// parseRequestLine reads "METHOD target HTTP/1.1" (RFC 9112, 3).
func parseRequestLine(line string) (*request, error) {
	parts := strings.Split(line, " ")
	version := parts[len(parts)-1]
	switch {
	case len(parts) == 3 && strings.HasPrefix(version, "HTTP/2"):
		return nil, &Violation{"HTTP/2 without TLS"}
	case len(parts) == 2 && !strings.HasPrefix(version, "HTTP/"):
		return nil, &Violation{"HTTP/0.9, which names no host"}
	case len(parts) != 3 || !isToken(parts[0]) || version != "HTTP/1.1" && version != "HTTP/1.0":
		return nil, &Violation{"a malformed HTTP request line"}
	case parts[0] == http.MethodConnect:
		return nil, &Violation{"an HTTP request for a tunnel (CONNECT)"}
	}
	for i := range len(parts[1]) {
		if c := parts[1][i]; c < '!' || c == 0x7f {
			return nil, &Violation{"a malformed HTTP request line"}
		}
	}
	return &request{method: parts[0], target: parts[1], version: version}, nil
}

// keptOptions are the elements of Connection that a request may have. Others name fields
// that a proxy of the host's may take out, Host for example.
var keptOptions = []string{"close", "keep-alive", "te"}

// take takes the fields of a head apart, and refuses those that ask for another protocol
// or that two parsers may read as two things.
func (r *request) take(fields []field) error {
	for _, f := range fields {
		spelled := !strings.Contains(f.name, "_")
		switch {
		case f.is("upgrade"):
			return &Violation{"an HTTP request for another protocol (Upgrade)"}
		case f.is("connection"):
			r.connection = append(r.connection, f.tokens()...)
			continue
		case f.is("content-length"):
			length, ok := contentLength(f.value)
			if r.sized || !ok || !spelled {
				return &Violation{"an HTTP request without a clear length"}
			}
			r.sized, r.length = true, length
			continue
		case f.is("transfer-encoding"):
			if r.chunked || lower(f.value) != "chunked" || !spelled || r.version == "HTTP/1.0" {
				return &Violation{"an HTTP request without a clear length"}
			}
			r.chunked = true
			continue
		}
		r.fields = append(r.fields, f)
	}
	if r.sized && r.chunked {
		return &Violation{"an HTTP request without a clear length"}
	}
	for _, option := range r.connection {
		if !slices.Contains(keptOptions, option) {
			return &Violation{"an HTTP request with an unknown option in Connection"}
		}
	}
	if r.chunked || r.length > 0 {
		r.connection = slices.DeleteFunc(r.connection, func(option string) bool { return option == "keep-alive" })
		if !slices.Contains(r.connection, "close") {
			r.connection = append(r.connection, "close")
		}
	}
	r.last = slices.Contains(r.connection, "close")
	return nil
}

// contentLength reads a length: digits alone, and fewer than an int64 has.
func contentLength(text string) (int64, bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// forName checks that a request is for the name: its one field Host, and the target's host
// where there is one, which is taken out.
func (h *HTTP) forName(r *request) error {
	hosts := 0
	for _, f := range r.fields {
		if !f.is("host") {
			continue
		}
		if hosts++; hosts > 1 {
			return &Violation{"an HTTP request with more than one Host"}
		}
		if !h.isHost(f.value) {
			return h.otherHost(f.value)
		}
	}
	if hosts == 0 {
		return &Violation{"an HTTP request without Host"}
	}
	if strings.HasPrefix(r.target, "/") || r.target == "*" && r.method == http.MethodOptions {
		return nil
	}
	const scheme = "http://"
	if len(r.target) < len(scheme) || lower(r.target[:len(scheme)]) != scheme {
		return &Violation{"an HTTP request whose target is no path"}
	}
	host, path := r.target[len(scheme):], ""
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host, path = host[:end], host[end:]
	}
	if !h.isHost(host) {
		return h.otherHost(host)
	}
	switch {
	case path == "" && r.method == http.MethodOptions:
		path = "*" // RFC 9112, 3.2.4
	case path == "" || path[0] == '?':
		path = "/" + path
	case path[0] == '#':
		return &Violation{"an HTTP request whose target is no path"}
	}
	r.target = path
	return nil
}

// isHost reports whether a host, with a port or without, is the name on port 80.
func (h *HTTP) isHost(host string) bool {
	return sameName(strings.TrimSuffix(host, ":80"), h.name)
}

func (h *HTTP) otherHost(host string) error {
	// What is before an "@" may be a password.
	if strings.Contains(host, "@") {
		return &Violation{"an HTTP request with a user in its host"}
	}
	return &Violation{fmt.Sprintf("an HTTP request for the host %q, not %q", clip(host), h.name)}
}

// sameToGo checks that Go's parser reads a head as it is meant. Its errors quote what the
// client sent, so that they are not passed on.
func (h *HTTP) sameToGo(r *request) error {
	head := r.head()
	in := bufio.NewReader(bytes.NewReader(head))
	read, err := http.ReadRequest(in)
	if err != nil || in.Buffered() > 0 || !h.isHost(read.Host) || read.Method != r.method ||
		read.RequestURI != r.target || read.URL.Host != "" ||
		(len(read.TransferEncoding) > 0) != r.chunked || !r.chunked && read.ContentLength != r.length {
		return &Violation{"a malformed HTTP request"}
	}
	return nil
}

// head writes the head for the host.
func (r *request) head() []byte {
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s %s\r\n", r.method, r.target, r.version)
	writeFields(&head, r.fields)
	if len(r.connection) > 0 {
		writeFields(&head, []field{{"Connection", strings.Join(r.connection, ", ")}})
	}
	switch {
	case r.chunked:
		writeFields(&head, []field{{"Transfer-Encoding", "chunked"}})
	case r.sized:
		writeFields(&head, []field{{"Content-Length", strconv.FormatInt(r.length, 10)}})
	}
	head.WriteString("\r\n")
	return head.Bytes()
}

func writeFields(to io.Writer, fields []field) {
	for _, f := range fields {
		fmt.Fprintf(to, "%s: %s\r\n", f.name, f.value)
	}
}
