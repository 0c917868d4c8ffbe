package schema

import (
	"fmt"

	"confine/policy"
)

// builder turns descriptions into schemas. Its first error is in err.
type builder struct {
	tables      map[string]policy.Table
	definitions map[string]*node
	err         error
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// table gives the schema of a table of the language.
func (b *builder) table(name string) *node {
	t, ok := b.tables[name]
	if !ok {
		b.fail(fmt.Errorf("no table [%s]", name))
		return &node{}
	}
	examples, err := examplesOf(t)
	if err != nil {
		b.fail(fmt.Errorf("example of [%s]: %w", name, err))
	}
	n := b.object(t.Keys, examples)
	n.Title, n.Description = heading(t), t.Doc
	for _, key := range t.Some {
		n.AnyOf = append(n.AnyOf, &node{Required: []string{key}})
	}
	return n
}

// heading is how a table stands in a file.
func heading(t policy.Table) string {
	if t.Repeated {
		return "[[" + t.Name + "]]"
	}
	return "[" + t.Name + "]"
}

// object gives the schema of a table with these keys and no other. examples are values of
// its keys; it may be nil.
func (b *builder) object(keys []policy.Key, examples map[string][]any) *node {
	closed := false
	n := &node{Type: "object", Properties: map[string]*node{}, AdditionalProperties: &closed}
	var only []policy.Key
	for _, key := range keys {
		n.Properties[key.Name] = b.key(key, examples[key.Name])
		switch {
		case key.Only != "":
			only = append(only, key)
		case key.Required:
			n.Required = append(n.Required, key.Name)
		}
	}
	b.depend(n, only)
	return n
}

// depend says which of two keys goes with which value of the key "type".
func (b *builder) depend(n *node, only []policy.Key) {
	if len(only) == 0 {
		return
	}
	if len(only) != 2 {
		b.fail(fmt.Errorf("%d keys that depend on the type, expected 2", len(only)))
		return
	}
	with, without := only[0], only[1]
	branch := func(with, without policy.Key) *node {
		branch := &node{Properties: map[string]*node{without.Name: {Not: &node{}}}}
		if with.Required {
			branch.Required = []string{with.Name}
		}
		return branch
	}
	n.If = &node{Properties: map[string]*node{"type": {Enum: []any{with.Only}}}}
	n.Then, n.Else = branch(with, without), branch(without, with)
}

// key gives the schema of the values of a key.
func (b *builder) key(key policy.Key, examples []any) *node {
	n := b.anyOf(key.Values)
	if n.Ref != "" {
		// Beside $ref nothing counts.
		n = &node{AnyOf: []*node{n}}
	}
	if n.Title == "" {
		n.Description = describe(key)
	}
	n.Examples = examples
	if key.Default != "" {
		value, err := literal(key.Default)
		if err != nil {
			b.fail(fmt.Errorf("default of %s: %w", key.Name, err))
		}
		n.Default = value
	}
	return n
}

// describe says what a key means and, where it has one form, what that is.
func describe(key policy.Key) string {
	if len(key.Values) == 1 && key.Values[0].Says != "" {
		return key.Doc + ": " + key.Values[0].Says
	}
	return key.Doc
}

func (b *builder) anyOf(values []policy.Value) *node {
	if len(values) == 1 {
		return b.value(values[0])
	}
	n := &node{}
	for _, v := range values {
		n.AnyOf = append(n.AnyOf, b.value(v))
	}
	return n
}

// value gives the schema of one form of a value.
func (b *builder) value(v policy.Value) *node {
	if v.Term == "" {
		return b.form(v)
	}
	if b.definitions[v.Term] == nil {
		b.definitions[v.Term] = b.form(v)
	}
	return &node{Ref: "#/definitions/" + v.Term}
}

func (b *builder) form(v policy.Value) *node {
	n := &node{Description: v.Says}
	switch v.Kind {
	case policy.ValueString, policy.ValueDate:
		n.Type, n.Pattern = "string", v.Pattern
		n.choose(v.Choices)
	case policy.ValueBoolean:
		n.Type = "boolean"
	case policy.ValueInteger:
		n.Type = "integer"
		n.bound(v.Min, v.Max)
	case policy.ValueList:
		n.Type, n.Items = "array", b.anyOf(v.Entries)
		if v.NotEmpty {
			n.MinItems = 1
		}
	case policy.ValueTable:
		return b.tableForm(v)
	default:
		b.fail(fmt.Errorf("unknown kind of value %q", v.Kind))
	}
	return n
}

func (b *builder) tableForm(v policy.Value) *node {
	var n *node
	switch {
	case v.Table != "":
		return b.table(v.Table)
	case v.Names != "":
		closed := false
		n = &node{
			Type: "object", AdditionalProperties: &closed,
			PatternProperties: map[string]*node{v.Names: b.anyOf(v.Entries)},
		}
	default:
		n = b.object(v.Keys, nil)
	}
	n.Description = v.Says
	return n
}

// choose restricts a string to some values, and says what they mean.
func (n *node) choose(choices []policy.Choice) {
	var docs []string
	described := false
	for _, c := range choices {
		n.Enum = append(n.Enum, c.Value)
		docs = append(docs, c.Doc)
		described = described || c.Doc != ""
	}
	if described {
		n.Taplo = &taplo{}
		n.Taplo.Docs.EnumValues = docs
	}
}

// bound restricts an integer. JSON's own numbers are too small for the largest ones, which
// TOML bounds.
func (n *node) bound(least, most uint64) {
	if least == most && most > 0 {
		n.Enum = []any{least}
		return
	}
	n.Minimum = &least
	if most > 0 {
		n.Maximum = &most
	}
}
