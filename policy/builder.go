package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// builder turns a document into a policy and reports what is wrong with it. Its
// methods go on after an error, so that one run finds all.
type builder struct {
	*reporter
	policy *Policy
}

// table is a table of the document and its dotted name.
type table struct {
	name string
	node *node
}

func (t table) dotted(key string) string {
	if t.name == "" {
		return key
	}
	return t.name + "." + key
}

func (b *builder) at(n *node) Position { return b.src.position(n.at.start) }

// document reads the whole policy.
func (b *builder) document(root *node) {
	b.refuseParameters(root)
	top := table{"", root}
	b.checkKeys(top)
	b.schema(root)
	b.identity(root)
	sections := []struct {
		name string
		read func(table)
	}{
		{"network", b.network},
		{"filesystem", b.filesystem},
		{"rlimits", b.rlimits},
		{"capabilities", b.capabilities},
		{"syscalls", b.syscalls},
		{"environment", b.environment},
		{"process", b.process},
	}
	for _, section := range sections {
		m, ok := root.member(section.name)
		if !ok {
			continue
		}
		if m.value.kind != kindTable {
			b.wrongType(m.value, section.name, "a table").advise("write [%s] on a line of its own", section.name)
			continue
		}
		t := table{section.name, m.value}
		b.checkKeys(t)
		section.read(t)
	}
}

// checkKeys reports the keys of a table that the language does not have, and
// those that this version does not enforce.
func (b *builder) checkKeys(t table) {
	for _, m := range t.node.members {
		switch {
		case contains(keysOf[t.name], m.name):
		case contains(laterKeysOf[t.name], m.name):
			b.unsupported(m.key, t.dotted(m.name))
		default:
			b.unknownKey(t, m)
		}
	}
}

func (b *builder) unsupported(at span, what string) {
	b.add(at, "%s is not supported by this version of confine; nothing would enforce it", what).
		note("it is part of the policy language, and refused rather than ignored")
}

func (b *builder) unknownKey(t table, m member) {
	where := "at the top of a policy"
	if t.name != "" {
		where = "in [" + t.name + "]"
	}
	d := b.add(m.key, "unknown key %s %s", quote(m.name), where)
	word := m.name
	if t.name == "rlimits" {
		word = strings.TrimPrefix(strings.ToLower(word), "rlimit_")
	}
	if name, ok := nearest(word, append(append([]string{}, keysOf[t.name]...), laterKeysOf[t.name]...)); ok {
		d.advise("did you mean %s?", name)
		return
	}
	for _, section := range keysOf[""] {
		if contains(keysOf[section], m.name) {
			d.advise("%s belongs in [%s]", m.name, section)
			return
		}
	}
	if len(keysOf[t.name]) == 1 {
		d.note("expected  %s", keysOf[t.name][0])
		return
	}
	d.note("expected  one of %s", strings.Join(keysOf[t.name], ", "))
}

// refuseParameters reports every ${NAME}: without parameters it would be taken
// for a literal, and mean something else than it says.
func (b *builder) refuseParameters(n *node) {
	if n.kind == kindString {
		if text, err := decodeString(b.src.slice(n.at)); err == nil && hasParameter(text) {
			b.refuseParameter(n.at)
		}
	}
	for _, m := range n.members {
		b.refuseParameters(m.value)
	}
	for _, item := range n.items {
		b.refuseParameters(item)
	}
}

func hasParameter(text string) bool { return strings.Contains(text, "${") }

func (b *builder) refuseParameter(at span) {
	b.add(at, "a parameter, ${…}, is not supported by this version of confine; nothing would bind it").
		note("it is part of the policy language, and refused rather than taken literally")
}

func (b *builder) wrongType(n *node, what, expected string) *report {
	return b.add(n.at, "%s has the wrong type", what).
		note("expected  %s", expected).
		note("found     %s", n.kind)
}

// text gives the value of a string, or reports that it is none.
func (b *builder) text(n *node, what, expected string) (string, bool) {
	if n.kind != kindString {
		b.wrongType(n, what, expected)
		return "", false
	}
	value, err := decodeString(b.src.slice(n.at))
	if err != nil || !utf8.ValidString(value) {
		b.add(n.at, "%s is not a valid string", what)
		return "", false
	}
	return value, true
}

// elements gives the items of an array, or reports that n is none.
func (b *builder) elements(n *node, what, expected string) []*node {
	if n.kind != kindArray || n.tables {
		b.wrongType(n, what, expected)
		return nil
	}
	return n.items
}

// choice gives a string that must be one of a few.
func (b *builder) choice(n *node, what string, values ...string) (string, bool) {
	expected := orList(values)
	value, ok := b.text(n, what, expected)
	if !ok {
		return "", false
	}
	if contains(values, value) {
		return value, true
	}
	d := b.add(n.at, "%s has no value %s", what, quote(value)).note("expected  %s", expected)
	if name, ok := nearest(value, values); ok {
		d.advise("did you mean %q?", name)
	}
	return "", false
}

func orList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}

// quote shows a value of the file inside a message: escaped, and not too long.
func quote(s string) string { return strconv.Quote(clip(s, 60)) }

func clip(s string, runes int) string {
	if i := byteOffset(s, runes); i < len(s) {
		return s[:i] + "…"
	}
	return s
}
