package policy

import (
	"regexp"
	"strings"
)

// SchemaVersion is the version of the language that [Parse] reads.
const SchemaVersion = 1

// MaxName is the longest name of a policy, in bytes; artifacts are named after it.
const MaxName = 63

var policyName = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

func (b *builder) schema(root *node) {
	m, ok := root.member("schema")
	if !ok {
		b.add(span{0, 1}, "schema is missing").
			note("expected  schema = %d, the version of the policy language", SchemaVersion).
			advise("add: schema = %d", SchemaVersion)
		return
	}
	if m.value.kind != kindInteger {
		b.wrongType(m.value, "schema", "1").advise("schema = %d", SchemaVersion)
		return
	}
	if v, err := decodeInteger(b.src.slice(m.value.at)); err != nil || v != SchemaVersion {
		b.add(m.value.at, "schema is not one that this version of confine reads").
			note("expected  %d", SchemaVersion).
			note("found     %s", clip(b.src.slice(m.value.at), 20))
	}
}

func (b *builder) identity(root *node) {
	if m, ok := root.member("name"); !ok {
		b.add(span{0, 1}, "name is missing").
			note("expected  a name for this policy, of a-z, 0-9 and -").
			advise("add: name = \"my-connector\"")
	} else if name, ok := b.text(m.value, "name", "a string of a-z, 0-9 and -"); ok {
		if !policyName.MatchString(name) {
			r := b.add(m.value.at, "name %s is not a policy name", quote(name)).
				note("expected  1 to %d characters of a-z, 0-9 and -", MaxName)
			if plain := strings.NewReplacer(" ", "-", "_", "-", ".", "-").Replace(strings.ToLower(name)); policyName.MatchString(plain) {
				r.advise("name = %q", plain)
			}
		}
		b.layer.Name, b.layer.family.nameAt = name, b.at(m.value)
	}
	if m, ok := root.member("description"); ok {
		b.layer.Description, _ = b.text(m.value, "description", "a string")
	}
}
