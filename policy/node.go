package policy

// nodeKind is the TOML type of a value.
type nodeKind int

const (
	kindInvalid nodeKind = iota
	kindString
	kindInteger
	kindFloat
	kindBool
	kindDatetime
	kindArray
	kindTable
)

// String names a kind as diagnostics do.
func (k nodeKind) String() string {
	switch k {
	case kindString:
		return "a string"
	case kindInteger:
		return "an integer"
	case kindFloat:
		return "a float"
	case kindBool:
		return "a boolean"
	case kindDatetime:
		return "a date or time"
	case kindArray:
		return "an array"
	case kindTable:
		return "a table"
	default:
		return "not a value"
	}
}

// node is one value of a TOML document and where it stands.
type node struct {
	kind nodeKind
	// at is the value as written. Of a table under a [header] it is the header's
	// name, of a table that only dotted keys make it is the first such key.
	at span
	// members of a table, in document order.
	members []member
	index   map[string]int
	// items of an array, in document order.
	items []*node
	// closed tables are written inline or as a value: no header may add to them.
	closed bool
	// headed tables have had a [header] of their own.
	headed bool
	// tables marks an array that [[headers]] make.
	tables bool
}

// member is one key of a table.
type member struct {
	name string
	// key is the key as written, quotes included.
	key   span
	value *node
}

func (n *node) member(name string) (member, bool) {
	i, ok := n.index[name]
	if !ok {
		return member{}, false
	}
	return n.members[i], true
}

func (n *node) add(m member) {
	if n.index == nil {
		n.index = make(map[string]int)
	}
	n.index[m.name] = len(n.members)
	n.members = append(n.members, m)
}
