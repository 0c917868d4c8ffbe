package policy

import (
	"sort"
	"strings"
)

func (b *builder) rlimits(t table) {
	for _, m := range t.node.members {
		kind, ok := rlimitKindOf(m.name)
		if !ok {
			continue // checkKeys has reported it
		}
		if value, ok := b.rlimit(kind, m.value); ok {
			b.layer.Rlimits = append(b.layer.Rlimits, Rlimit{Name: kind.name, Value: value, At: b.at(m.value)})
		}
	}
	sort.Slice(b.layer.Rlimits, func(i, j int) bool { return b.layer.Rlimits[i].Name < b.layer.Rlimits[j].Name })
}

func (b *builder) rlimit(kind rlimitKind, n *node) (uint64, bool) {
	what := "rlimits." + kind.name
	var value uint64
	switch n.kind {
	case kindInteger:
		signed, err := decodeInteger(b.src.slice(n.at))
		if err != nil || signed < 0 {
			b.rlimitRange(kind, n)
			return 0, false
		}
		value = uint64(signed)
	case kindString:
		text, ok := b.text(n, what, kind.expected())
		if !ok {
			return 0, false
		}
		if contains([]string{"unlimited", "infinity", "inf", "none"}, strings.ToLower(text)) {
			b.add(n.at, "%s cannot be unlimited", what).
				note("expected  %s", kind.expected()).
				advise("leave %s out: the limit of the caller is then inherited", kind.name)
			return 0, false
		}
		parsed, hint, err := kind.parse(text)
		if err != nil {
			d := b.add(n.at, "%s: %s", what, err).note("expected  %s", kind.expected())
			if hint != "" {
				d.advise("%s = %s", kind.name, hint)
			}
			return 0, false
		}
		value = parsed
	default:
		b.wrongType(n, what, kind.expected())
		return 0, false
	}
	if !kind.holds(value) {
		b.rlimitRange(kind, n)
		return 0, false
	}
	return value, true
}

func (b *builder) rlimitRange(kind rlimitKind, n *node) {
	b.add(n.at, "rlimits.%s is out of range", kind.name).
		note("expected  %d to %d", kind.min, kind.max).
		note("found     %s", clip(b.src.slice(n.at), 40))
}
