package policy

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxDepth bounds the nesting of values and the parts of a dotted key. The
// language needs four; the TOML decoder has no bound of its own.
const maxDepth = 16

// scanned is what the scanner found: where every key, value and array element
// of a document stands. The decoder knows whether a document is TOML; the
// scanner knows where, which the decoder does not tell (BurntSushi/toml issue 462).
type scanned struct {
	root *node
	// keys are the keys and table headers in document order, as toml.MetaData.Keys
	// gives them.
	keys []toml.Key
	// duplicates are second definitions of a key.
	duplicates []duplicate
	// lost are tables under a key that is no table.
	lost []*node
	// comments are the comments, from "#" to the end of the line.
	comments []span
	// invalid is set when a value is none of TOML's kinds.
	invalid bool
	// failure is the place at which the text stopped being TOML, or nil.
	failure *scanFailure
}

type duplicate struct {
	path       []string
	again, was span
	// value is the second value, or nil for a table header.
	value *node
}

// scanFailure is where and in what the scanner gave up.
type scanFailure struct {
	at      int
	message string
	// path is the key, or the table, that was being read.
	path []string
	// tooDeep is set when the document must not reach the decoder either.
	tooDeep bool
}

// scanner reads TOML leniently: what the decoder would refuse may pass here, and
// what the decoder accepts must pass here with the same structure.
type scanner struct {
	text  string
	pos   int
	depth int
	out   scanned
	// table is the table that the last header opened, and its path.
	table     *node
	tablePath []string
	// path is the key whose value is being read.
	path []string
}

// scan never panics and always ends: every step consumes a byte or fails.
func scan(text string) (result scanned) {
	root := &node{kind: kindTable}
	s := &scanner{text: text, table: root}
	s.out.root = root
	defer func() {
		if thrown := recover(); thrown != nil {
			failure, ok := thrown.(*scanFailure)
			if !ok {
				panic(thrown)
			}
			s.out.failure = failure
		}
		result = s.out
	}()
	s.document()
	return s.out
}

// fail leaves the scanner; scan turns it into a failure.
func (s *scanner) fail(format string, args ...any) {
	path := s.path
	if path == nil {
		path = s.tablePath
	}
	panic(&scanFailure{at: s.pos, message: fmt.Sprintf(format, args...), path: path})
}

func (s *scanner) deeper() {
	s.depth++
	if s.depth > maxDepth {
		panic(&scanFailure{
			at: s.pos, message: fmt.Sprintf("nested deeper than %d levels", maxDepth),
			path: s.path, tooDeep: true,
		})
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.text[s.pos:], prefix) }

func (s *scanner) end() bool { return s.pos >= len(s.text) }

// blanks skips spaces and tabs.
func (s *scanner) blanks() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.pos++
	}
}

// gap skips spaces, tabs, line breaks and comments.
func (s *scanner) gap() {
	for !s.end() {
		switch s.peek() {
		case ' ', '\t', '\n', '\r':
			s.pos++
		case '#':
			s.comment()
		default:
			return
		}
	}
}

func (s *scanner) comment() {
	from := s.pos
	defer func() { s.out.comments = append(s.out.comments, span{from, s.pos}) }()
	if i := strings.IndexByte(s.text[s.pos:], '\n'); i >= 0 {
		s.pos += i
	} else {
		s.pos = len(s.text)
	}
}

func (s *scanner) document() {
	for s.gap(); !s.end(); s.gap() {
		s.path = nil
		if s.peek() == '[' {
			s.header()
		} else {
			s.assignment(s.table, s.tablePath)
		}
		s.blanks()
		switch {
		case s.end() || s.peek() == '\n' || s.peek() == '\r':
		case s.peek() == '#':
			s.comment()
		default:
			s.fail("expected the end of the line")
		}
	}
}

func (s *scanner) header() {
	array := s.has("[[")
	open, closing := "[", "]"
	if array {
		open, closing = "[[", "]]"
	}
	s.pos += len(open)
	s.blanks()
	parts := s.key()
	path := names(parts)
	s.path = path
	s.blanks()
	if !s.has(closing) {
		s.fail("expected %q to end the table name", closing)
	}
	s.pos += len(closing)
	s.out.keys = append(s.out.keys, path)
	s.tablePath = path

	parent := s.descend(s.out.root, parts[:len(parts)-1], true)
	last := parts[len(parts)-1]
	was, known := parent.member(last.name)
	fresh := &node{kind: kindTable, at: last.at, headed: true}
	switch {
	case !known && array:
		parent.add(member{last.name, last.at, &node{
			kind: kindArray, at: last.at, tables: true, items: []*node{fresh},
		}})
	case !known:
		parent.add(member{last.name, last.at, fresh})
	case array && was.value.kind == kindArray && was.value.tables:
		was.value.items = append(was.value.items, fresh)
	case !array && was.value.kind == kindTable && !was.value.closed && !was.value.headed:
		fresh = was.value
		fresh.headed = true
	default:
		s.out.duplicates = append(s.out.duplicates, duplicate{path, last.at, was.key, nil})
		if was.value.kind == kindTable {
			// The keys below still belong to the table they name.
			fresh = was.value
		} else {
			s.out.lost = append(s.out.lost, fresh)
		}
	}
	s.table = fresh
}

// assignment reads key = value into table.
func (s *scanner) assignment(table *node, prefix []string) {
	parts := s.key()
	path := append(append([]string{}, prefix...), names(parts)...)
	s.path = path
	s.blanks()
	if s.peek() != '=' {
		s.fail("expected = after the key")
	}
	s.pos++
	s.blanks()
	s.out.keys = append(s.out.keys, path)

	table = s.descend(table, parts[:len(parts)-1], false)
	last := parts[len(parts)-1]
	value := &node{at: span{s.pos, s.pos}, closed: true}
	if was, known := table.member(last.name); known {
		s.out.duplicates = append(s.out.duplicates, duplicate{path, last.at, was.key, value})
	} else {
		table.add(member{last.name, last.at, value})
	}
	s.read(value, path)
}

// descend finds or makes the tables that the leading parts of a dotted key name.
func (s *scanner) descend(table *node, parts []keyPart, header bool) *node {
	for _, part := range parts {
		was, known := table.member(part.name)
		switch {
		case !known:
			next := &node{kind: kindTable, at: part.at}
			table.add(member{part.name, part.at, next})
			table = next
		case was.value.kind == kindTable:
			table = was.value
		case header && was.value.kind == kindArray && was.value.tables:
			table = was.value.items[len(was.value.items)-1]
		default:
			// Not a table: the decoder refuses it. The rest is kept out of the tree, but
			// remembered, so that its values stay secret where they must.
			table = &node{kind: kindTable, at: part.at}
			s.out.lost = append(s.out.lost, table)
		}
	}
	return table
}
