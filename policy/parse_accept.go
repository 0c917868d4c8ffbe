package policy

import (
	"strings"
	"time"
)

// BackendNames are the backends that accept can name.
func BackendNames() []string { return []string{"firejail", "gvisor", "native"} }

// dateLayout is a local date of TOML.
const dateLayout = "2006-01-02"

// accepts reads the [[accept]] tables.
func (b *builder) accepts(root *node) {
	m, ok := root.member("accept")
	if !ok {
		return
	}
	if m.value.kind != kindArray || !m.value.tables {
		b.wrongType(m.value, "accept", "tables [[accept]]").advise("write [[accept]] on a line of its own")
		return
	}
	seen := map[[2]string]Position{}
	for _, item := range m.value.items {
		b.checkKeys(table{tableAccept, item}, keysOf[tableAccept])
		a, ok := b.accept(item)
		if !ok {
			continue
		}
		key := [2]string{a.Backend, a.Clause}
		if first, twice := seen[key]; twice {
			b.add(item.at, "%s is accepted twice for %s", a.Clause, a.Backend).note("first at %s", first)
			continue
		}
		seen[key] = a.At
		b.layer.Accept = append(b.layer.Accept, a)
	}
}

// accept reads one exception. All four keys are needed: an exception without a
// reason or an end would never be looked at again.
func (b *builder) accept(item *node) (Accept, bool) {
	a := Accept{At: b.at(item)}
	before := len(b.found)
	required := func(key, example string) (*node, bool) {
		m, ok := item.member(key)
		if !ok {
			b.add(item.at, "accept has no %s", key).advise("%s = %s", key, example)
			return nil, false
		}
		return m.value, true
	}
	if n, ok := required("backend", `"native"`); ok {
		a.Backend, _ = b.choice(n, "accept.backend", BackendNames()...)
	}
	if n, ok := required("clause", `"filesystem.map"`); ok {
		a.Clause = b.clauseName(n, "accept.clause")
	}
	if n, ok := required("reason", `"why this is good enough, and for how long"`); ok {
		if a.Reason, ok = b.text(n, "accept.reason", "a sentence"); ok && strings.TrimSpace(a.Reason) == "" {
			b.add(n.at, "accept.reason is empty").note("expected  why the clause may be enforced less than it says")
		}
	}
	if n, ok := required("until", "2027-06-30"); ok {
		const expected = "a date such as 2027-06-30, without quotes"
		date, err := time.Parse(dateLayout, b.src.slice(n.at))
		if n.kind != kindDatetime || err != nil {
			d := b.wrongType(n, "accept.until", expected)
			if text, _ := decodeString(b.src.slice(n.at)); n.kind == kindString {
				if _, err := time.Parse(dateLayout, text); err == nil {
					d.advise("until = %s", text)
				}
			}
		}
		a.Until, a.UntilAt = date, b.at(n)
	}
	return a, len(b.found) == before
}

// clauseName reads the name of a clause, or gives "".
func (b *builder) clauseName(n *node, what string) string {
	clause, ok := b.text(n, what, `a clause such as "filesystem.map"`)
	if !ok {
		return ""
	}
	names := ClauseNames()
	if !contains(names, clause) {
		d := b.add(n.at, "%s is not a clause", quote(clause)).note(`expected  a clause such as "filesystem.map" or "rlimits.as"`)
		if near, ok := nearest(clause, names); ok {
			d.advise("did you mean %q?", near)
		}
		return ""
	}
	return clause
}
