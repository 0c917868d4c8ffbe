// Package schema makes, from the tables of package policy, what editors and people read
// about the language: JSON Schemas and the reference.
//
// The schemas are of draft 7 and keep to what taplo, which is also the language server in
// Even Better TOML, understands (0.9.3): it finds a schema by a comment "#:schema PATH" at the
// top of a file, relative to that file, and hands dates to the validator as strings.
//
// A schema accepts every document that the parser accepts, and refuses what can be told from
// types, names and patterns. The parser refuses more.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"

	"confine/policy"
)

// draft is what taplo's validator takes for draft 7.
const draft = "http://json-schema.org/draft-07/schema#"

// Policy gives the JSON Schema of policies.
func Policy() ([]byte, error) {
	return root("", "policy of confine")
}

// Tests gives the JSON Schema of the tests of policies, NAME.test.toml.
func Tests() ([]byte, error) {
	return root("tests", "tests of a policy of confine")
}

// root gives the schema of a document that a table is the top of.
func root(table, title string) ([]byte, error) {
	b := &builder{tables: map[string]policy.Table{}, definitions: map[string]*node{}}
	for _, t := range policy.Tables() {
		b.tables[t.Name] = t
	}
	n := b.table(table)
	n.Schema, n.Title = draft, title
	n.Comment = "made by confine schema: the language is described in docs/language.md"
	n.Definitions = b.definitions
	if b.err != nil {
		return nil, fmt.Errorf("make the schema: %w", b.err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(n); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return out.Bytes(), nil
}
