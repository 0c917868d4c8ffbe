package policy

import (
	"sort"
	"strings"
)

// maxParameters bounds the patterns that values are held against.
const maxParameters = 256

// parameters reads the [params.NAME] tables of one file.
func (b *builder) parameters(root *node) {
	m, ok := root.member("params")
	if !ok {
		return
	}
	if m.value.kind != kindTable {
		b.wrongType(m.value, "params", "tables [params.NAME]").advise("write [params.NAME] on a line of its own")
		return
	}
	for _, m := range m.value.members {
		if len(b.params) == maxParameters {
			b.add(m.key, "policy has more than %d parameters", maxParameters)
			return
		}
		b.parameter(m)
	}
}

func (b *builder) parameter(m member) {
	if !parameterName.MatchString(m.name) {
		b.add(m.key, "%s is not the name of a parameter", quote(m.name)).
			note("expected  letters, digits and _, not starting with a digit")
		return
	}
	at := b.position(m.key)
	if was, twice := b.params[m.name]; twice {
		b.add(m.key, "parameter %s is declared twice", m.name).note("first declared at %s", was.At)
		return
	}
	p := &Parameter{Name: m.name, At: at}
	// A declaration that is wrong still is one: its uses are no errors of their own.
	b.params[m.name] = p
	name := "params." + m.name
	if m.value.kind != kindTable {
		b.wrongType(m.value, name, "a table").advise(`[params.%s] with type = "label"`, m.name)
		return
	}
	before := len(b.found)
	defer func() { p.sound = len(b.found) == before }()
	b.checkKeys(table{name, m.value}, keysOf[tableParameter])
	kind, ok := m.value.member("type")
	if !ok {
		b.add(m.key, "parameter %s has no type", m.name).note(`expected  "label" or "host"`).advise(`type = "label"`)
		return
	}
	v, ok := b.choice(kind.value, name+".type", string(ParameterLabel), string(ParameterHost))
	if !ok {
		return
	}
	p.Type = ParameterType(v)
	if p.Type == ParameterLabel {
		b.labelParameter(m, p)
	} else {
		b.hostParameter(m, p)
	}
}

func (b *builder) labelParameter(m member, p *Parameter) {
	name := "params." + m.name
	if suffix, ok := m.value.member("suffix"); ok {
		b.add(suffix.key, "%s.suffix is for type = \"host\"", name).advise("give a label a pattern")
	}
	// Without one, a value still is one label of a name or one component of a path.
	pattern, ok := m.value.member("pattern")
	if !ok {
		return
	}
	if p.Pattern, ok = b.text(pattern.value, name+".pattern", "a regular expression that the whole value matches"); !ok {
		return
	}
	if _, err := wholePattern(p.Pattern); err != nil {
		b.add(pattern.value.at, "%s.pattern is not a regular expression", name).
			note("found     %s", strings.TrimPrefix(err.Error(), "error parsing regexp: ")).
			note("expected  the syntax of RE2, such as \"[a-z0-9-]+\"")
	}
}

func (b *builder) hostParameter(m member, p *Parameter) {
	name := "params." + m.name
	if pattern, ok := m.value.member("pattern"); ok {
		b.add(pattern.key, "%s.pattern is for type = \"label\"", name).advise("give a host a suffix")
	}
	const expected = `an array of domains such as "example.com"`
	suffix, ok := m.value.member("suffix")
	if !ok {
		b.add(m.key, "parameter %s has no suffix", m.name).
			note("whoever gives the value must not choose any host").
			advise(`suffix = ["example.com"]`)
		return
	}
	for _, n := range b.elements(suffix.value, name+".suffix", expected) {
		text, ok := b.text(n, "an entry of "+name+".suffix", `a domain such as "example.com"`)
		if !ok {
			continue
		}
		if text != anySuffix {
			domain, err := hostName(text)
			switch {
			case err != nil || isAddress(domain):
				b.add(n.at, "%s is not a domain", quote(text)).note(`expected  a domain such as "example.com", or "*"`)
				continue
			case isRegistry(domain):
				b.add(n.at, "%q is a public suffix: every company under it could be named", domain).
					note("expected  a domain that belongs to one organisation")
				continue
			}
			text = domain
		}
		p.Suffix = append(p.Suffix, text)
	}
	if len(suffix.value.items) == 0 && suffix.value.kind == kindArray {
		b.add(suffix.value.at, "%s.suffix names no domain: no value could be given", name).note("expected  %s", expected)
	}
	sort.Strings(p.Suffix)
}
