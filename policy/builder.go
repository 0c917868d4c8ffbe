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
	params parameters
	// whole is false where a base is missing.
	whole bool
	layer *layer
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

func (b *builder) at(n *node) Position { return b.position(n.at) }

// document reads what one file states.
func (b *builder) document(root *node) {
	b.checkKeys(table{"", root}, keysOf[""])
	b.schema(root)
	b.identity(root)
	sections := []struct {
		name string
		read func(table)
	}{
		{tableNetwork, b.network},
		{tableFilesystem, b.filesystem},
		{tableRlimits, b.rlimits},
		{tableCapabilities, b.capabilities},
		{tableSyscalls, b.syscalls},
		{tableEnvironment, b.environment},
		{tableProcess, b.process},
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
		b.checkKeys(t, keysOf[t.name])
		section.read(t)
		b.removals(t)
		b.sealed(t)
	}
	b.accepts(root)
}

// sealed reads whether those who extend the policy may only tighten a table.
func (b *builder) sealed(t table) {
	m, ok := t.node.member("sealed")
	if !ok {
		return
	}
	if m.value.kind != kindBool {
		b.wrongType(m.value, t.dotted("sealed"), "true or false, without quotes")
		return
	}
	if b.src.slice(m.value.at) == "true" {
		b.layer.seals[t.name] = b.position(m.key)
	}
}

// checkKeys reports the keys of a table that the language does not have.
func (b *builder) checkKeys(t table, keys []string) {
	for _, m := range t.node.members {
		switch {
		case contains(keys, m.name):
		default:
			b.unknownKey(t, keys, m)
		}
	}
}

func (b *builder) unknownKey(t table, keys []string, m member) {
	where := "in [" + t.name + "]"
	switch t.name {
	case "":
		where = "at the top of a policy"
	case tableTests:
		where = "at the top of a file of tests"
	case tableCase, tableAccept:
		where = "in [[" + t.name + "]]"
	}
	d := b.add(m.key, "unknown key %s %s", quote(m.name), where)
	word := m.name
	if t.name == "rlimits" {
		word = strings.TrimPrefix(strings.ToLower(word), "rlimit_")
	}
	if name, ok := nearest(word, keys); ok {
		d.advise("did you mean %s?", name)
		return
	}
	var sections []string
	for _, section := range keysOf[""] {
		if contains(keysOf[section], m.name) {
			sections = append(sections, "["+section+"]")
		}
	}
	switch len(sections) {
	case 0:
	case 1:
		d.advise("%s belongs in %s", m.name, sections[0])
		return
	default:
		d.advise("%s belongs in a table such as %s", m.name, sections[0])
		return
	}
	if len(keys) == 1 {
		d.note("expected  %s", keys[0])
		return
	}
	d.note("expected  one of %s", strings.Join(keys, ", "))
}

func (b *builder) misplacedParameter(at span, what string) {
	b.add(at, "%s cannot hold a parameter, ${…}", what).
		note("expected  parameters only in %s", parameterPlaces)
}

func (b *builder) wrongType(n *node, what, expected string) *report {
	return b.add(n.at, "%s has the wrong type", what).
		note("expected  %s", expected).
		note("found     %s", n.kind)
}

// text gives the value of a string, or reports that it is none. Parameters of the
// allowed types are replaced by their values; in any other string they would be
// taken literally, and are reported.
func (b *builder) text(n *node, what, expected string, allowed ...ParameterType) (string, bool) {
	if n.kind != kindString {
		b.wrongType(n, what, expected)
		return "", false
	}
	value, err := decodeString(b.src.slice(n.at))
	if err != nil || !utf8.ValidString(value) {
		b.add(n.at, "%s is not a valid string", what)
		return "", false
	}
	if len(allowed) == 0 && hasParameter(value) {
		b.misplacedParameter(n.at, what)
		return "", false
	}
	return b.expand(n.at, value, allowed...)
}

// elements gives the items of an array, or reports that n is none.
func (b *builder) elements(n *node, what, expected string) []*node {
	if n.kind != kindArray || n.tables {
		d := b.wrongType(n, what, expected)
		if n.kind == kindString {
			d.advise("put it in brackets: [ ... ]")
		}
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

// quotedList gives values in quotes, with commas.
func quotedList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return strings.Join(quoted, ", ")
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
