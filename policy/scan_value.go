package policy

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// keyPart is one part of a dotted key.
type keyPart struct {
	name string
	at   span
}

func names(parts []keyPart) []string {
	out := make([]string, len(parts))
	for i, part := range parts {
		out[i] = part.name
	}
	return out
}

// key reads a bare, quoted or dotted key.
func (s *scanner) key() []keyPart {
	var parts []keyPart
	for {
		if len(parts) >= maxDepth {
			s.depth = maxDepth
			s.deeper()
		}
		start := s.pos
		var name string
		switch c := s.peek(); c {
		case '"', '\'':
			s.quoted(c)
			decoded, err := decodeString(s.text[start:s.pos])
			if err != nil {
				s.pos = start
				s.fail("not a key")
			}
			name = decoded
		default:
			for isBareKey(s.peek()) {
				s.pos++
			}
			name = s.text[start:s.pos]
			if name == "" {
				s.fail("expected a key")
			}
		}
		parts = append(parts, keyPart{name, span{start, s.pos}})
		s.blanks()
		if s.peek() != '.' {
			s.pos = parts[len(parts)-1].at.end
			return parts
		}
		s.pos++
		s.blanks()
	}
}

func isBareKey(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// read reads the value at the current place into n.
func (s *scanner) read(n *node, path []string) {
	s.deeper()
	defer func() { s.depth-- }()
	start := s.pos
	s.path = path
	n.at = span{start, start}
	switch c := s.peek(); {
	case s.has(`"""`) || s.has("'''"):
		n.kind = kindString
		s.multiline(c)
	case c == '"' || c == '\'':
		n.kind = kindString
		s.quoted(c)
	case c == '[':
		n.kind = kindArray
		s.array(n, path)
	case c == '{':
		n.kind = kindTable
		s.inlineTable(n, path)
	default:
		for !s.end() && !strings.ContainsRune(",]}#\n\r", rune(s.peek())) {
			s.pos++
		}
		for s.pos > start && (s.text[s.pos-1] == ' ' || s.text[s.pos-1] == '\t') {
			s.pos--
		}
		if s.pos == start {
			s.fail("expected a value")
		}
		n.kind = bareKind(s.text[start:s.pos])
		s.out.invalid = s.out.invalid || n.kind == kindInvalid
	}
	n.at = span{start, s.pos}
}

// quoted reads a one-line string.
func (s *scanner) quoted(quote byte) {
	s.pos++
	for {
		switch c := s.peek(); {
		case s.end() || c == '\n':
			s.fail("string without its closing quote")
		case c == quote:
			s.pos++
			return
		case c == '\\' && quote == '"' && s.pos+1 < len(s.text) && s.text[s.pos+1] != '\n':
			s.pos += 2
		default:
			s.pos++
		}
	}
}

// multiline reads a string between triple quotes, which may end in up to two
// more quotes that belong to it.
func (s *scanner) multiline(quote byte) {
	closing := strings.Repeat(string(quote), 3)
	s.pos += len(closing)
	for !s.has(closing) {
		if s.end() {
			s.fail("string without its closing quotes")
		}
		if s.peek() == '\\' && quote == '"' && s.pos+1 < len(s.text) {
			s.pos++
		}
		s.pos++
	}
	s.pos += len(closing)
	for extra := 0; extra < 2 && s.peek() == quote; extra++ {
		s.pos++
	}
}

func (s *scanner) array(n *node, path []string) {
	s.pos++
	for s.gap(); ; s.gap() {
		if s.peek() == ']' {
			s.pos++
			return
		}
		item := &node{closed: true}
		n.items = append(n.items, item)
		s.read(item, path)
		s.path = path
		s.gap()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
		default:
			s.fail("expected , or ] in the array")
		}
	}
}

func (s *scanner) inlineTable(n *node, path []string) {
	s.pos++
	for s.gap(); ; s.gap() {
		if s.peek() == '}' {
			s.pos++
			n.closeTables()
			return
		}
		s.path = path
		s.assignment(n, path)
		s.path = path
		s.gap()
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
		default:
			s.fail("expected , or } in the inline table")
		}
	}
}

// closeTables closes the tables that dotted keys made inside an inline table.
func (n *node) closeTables() {
	n.closed = true
	for _, m := range n.members {
		if m.value.kind == kindTable {
			m.value.closeTables()
		}
	}
}

// bareKind tells the unquoted values apart. The decoder has the last word on
// whether they are well formed.
func bareKind(raw string) nodeKind {
	digits := strings.TrimLeft(raw, "+-")
	switch {
	case strings.ContainsAny(raw, "=\"'[{"):
		return kindInvalid
	case raw == "true" || raw == "false":
		return kindBool
	case digits == "inf" || digits == "nan":
		return kindFloat
	case digits == "" || digits[0] < '0' || digits[0] > '9':
		return kindInvalid
	case strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0o") || strings.HasPrefix(digits, "0b"):
		return kindInteger
	case strings.Contains(raw, ":") || len(raw) > 4 && raw[4] == '-' && !strings.ContainsAny(raw[:4], "eE."):
		return kindDatetime
	case strings.ContainsAny(digits, ".eE"):
		return kindFloat
	default:
		return kindInteger
	}
}

// decodeString gives the value of a TOML string as written, quotes included.
func decodeString(raw string) (string, error) {
	if len(raw) >= 2 && !strings.ContainsAny(raw, "\\\n\r") &&
		!strings.HasPrefix(raw, `"""`) && !strings.HasPrefix(raw, "'''") {
		return raw[1 : len(raw)-1], nil
	}
	var holder struct{ V string }
	_, err := toml.Decode("V = "+raw, &holder)
	return holder.V, err
}

// decodeInteger gives the value of a TOML integer as written.
func decodeInteger(raw string) (int64, error) {
	var holder struct{ V int64 }
	_, err := toml.Decode("V = "+raw, &holder)
	return holder.V, err
}
