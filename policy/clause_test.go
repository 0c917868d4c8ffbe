package policy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"confine/policy"
)

// TestClauseNames: every constant Clause… is one of the names, and so is every clause
// that a policy has.
func TestClauseNames(t *testing.T) {
	names := policy.ClauseNames()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or some twice: %q", names)
	}
	source, err := parser.ParseFile(token.NewFileSet(), "clause.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Clause") {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("%s is not a literal", spec.Names[0].Name)
		}
		clause, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		if found++; !slices.Contains(names, clause) {
			t.Errorf("%s is missing", clause)
		}
		return true
	})
	if found < 20 {
		t.Errorf("only %d constants", found)
	}
	for _, file := range inputs(t, "ok") {
		p, err := parseAs(t, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Clauses() {
			if !slices.Contains(names, c.Clause) {
				t.Errorf("%s: %s is missing", file, c.Clause)
			}
		}
	}
}

// Under mode "egress" there always is something that says what is let through; in any other
// mode there is no gateway to bound.
func TestClausesOfGateway(t *testing.T) {
	const bounds = "fronting = \"allow\"\nmax_bytes = 1\nmax_connections = 1\n"
	for text, want := range map[string][]string{
		"mode = \"egress\"\n":                       {"network.fronting default", "network.mode test.toml:4:8"},
		"mode = \"egress\"\nmax_bytes = \"1KiB\"\n": {"network.fronting default", "network.max_bytes test.toml:5:13", "network.mode test.toml:4:8"},
		"mode = \"egress\"\nfronting = \"deny\"\n":  {"network.fronting test.toml:5:12", "network.mode test.toml:4:8"},
		"mode = \"egress\"\nmax_connections = 64\n": {"network.fronting default", "network.max_connections test.toml:5:19", "network.mode test.toml:4:8"},
		"mode = \"none\"\n" + bounds:                {"network.mode test.toml:4:8"},
		"mode = \"host\"\n":                         {"network.mode test.toml:4:8"},
	} {
		var got []string
		for _, c := range mustParse(t, "[network]\n"+text).Clauses() {
			if strings.HasPrefix(c.Clause, "network.") {
				got = append(got, c.Clause+" "+c.At.String())
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
