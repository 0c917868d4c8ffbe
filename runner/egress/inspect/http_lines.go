package inspect

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// maxHead is how many bytes a head has at most, or the trailer of a body.
	maxHead = 64 << 10
	// maxFields is how many lines of fields it has at most.
	maxFields = 256
)

// field is a line "Name: value" of HTTP.
type field struct{ name, value string }

// is reports whether a field has a name, which is in lower case. The two spellings of a
// dash are one: gateways of the CGI kind cannot tell them apart (RFC 3875, 4.1.18).
func (f field) is(name string) bool {
	return strings.ReplaceAll(lower(f.name), "_", "-") == name
}

// tokens gives the elements of a field that is a list, in lower case.
func (f field) tokens() []string {
	var tokens []string
	for token := range strings.SplitSeq(f.value, ",") {
		if token = strings.Trim(token, " \t"); token != "" {
			tokens = append(tokens, lower(token))
		}
	}
	return tokens
}

// lines reads the lines of one head or trailer.
type lines struct {
	in   *bufio.Reader
	room int
}

// next reads a line and gives it without its end, which has to be CRLF. The error is
// io.EOF if nothing is left.
func (l *lines) next() (string, error) {
	var line []byte
	for {
		part, err := l.in.ReadSlice('\n')
		line = append(line, part...)
		l.room -= len(part)
		switch {
		case l.room < 0:
			return "", &Violation{fmt.Sprintf("an HTTP head of more than %d KiB", maxHead>>10)}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		}
		text, ended := strings.CutSuffix(string(line), "\r\n")
		if !ended {
			return "", &Violation{"an HTTP line that ends without CR"}
		}
		return text, nil
	}
}

// fields reads lines up to the empty one.
func (l *lines) fields() ([]field, error) {
	var fields []field
	for {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		switch {
		case err != nil:
			return nil, err
		case line == "":
			return fields, nil
		case len(fields) == maxFields:
			return nil, &Violation{fmt.Sprintf("an HTTP head of more than %d fields", maxFields)}
		}
		f, ok := parseField(line)
		if !ok {
			return nil, &Violation{"a malformed HTTP field"}
		}
		fields = append(fields, f)
	}
}

// parseField reads "Name: value" (RFC 9112, 5). A line that continues the one before it,
// and space before the colon, which others read as part of the name or do not, are none.
func parseField(line string) (field, bool) {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isToken(name) {
		return field{}, false
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return field{}, false
		}
	}
	return field{name, strings.Trim(value, " \t")}, true
}

// isToken reports whether text is a token (RFC 9110, 5.6.2).
func isToken(text string) bool {
	for i := range len(text) {
		if !isTokenByte(text[i]) {
			return false
		}
	}
	return text != ""
}

func isTokenByte(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
