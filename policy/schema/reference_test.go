package schema

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"confine/policy"
)

var update = flag.Bool("update", false, "rewrite docs/language.md and policies/*.schema.json")

// What is made from the tables, and lies in the repository, is up to date.
func TestReference(t *testing.T) {
	for file, source := range map[string]func() ([]byte, error){
		"../../docs/language.md":            func() ([]byte, error) { return Reference(), nil },
		"../../policies/policy.schema.json": Policy,
		"../../policies/tests.schema.json":  Tests,
	} {
		want, err := source()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got := read(t, file); got != string(want) {
			t.Errorf("%s is not up to date: go test ./policy/schema -run Reference -update", file)
		}
	}
}

// shipped is a library of the policies that ship, as files.
type shipped struct{ t *testing.T }

func (l shipped) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	file := "../../policies/" + name + ".toml"
	return policy.Source{File: file, Text: []byte(read(l.t, file))}, true, nil
}

func (l shipped) Names(policy.Source) []string { return nil }

// The policies that ship name their schema in the first line, where editors look for it.
func TestShippedPoliciesNameTheirSchema(t *testing.T) {
	for _, file := range glob(t, "../../policies/*.toml") {
		if strings.HasSuffix(file, ".test.toml") {
			continue
		}
		path, ok := strings.CutPrefix(strings.SplitN(read(t, file), "\n", 2)[0], "#:schema ")
		if !ok {
			t.Errorf("%s does not begin with the path of its schema", file)
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), path)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Every block of TOML in the reference is a valid policy, or the tests of the one before.
func TestReferenceBlocksAreValid(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```toml ([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(Reference()), -1)
	if len(blocks) < len(policy.Tables())-1 {
		t.Errorf("%d blocks for %d tables", len(blocks), len(policy.Tables()))
	}
	var current policy.Source
	for _, block := range blocks {
		switch kind, text := block[1], block[2]; kind {
		case "language":
			current = policy.Source{File: "language.toml", Text: []byte(text)}
			if _, err := policy.Resolve(current, policy.Options{Library: shipped{t}, Unbound: true}); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		case "cases":
			tests, err := policy.ParseTests("language.test.toml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			failed := tests.Run(func(params map[string]string) (*policy.Policy, error) {
				return policy.Resolve(current, policy.Options{Library: shipped{t}, Parameters: params})
			})
			if len(failed) > 0 {
				t.Error(failed)
			}
		default:
			t.Errorf("a block of kind %q", kind)
		}
	}
}

// Every key, verb and clause is in the reference.
func TestReferenceIsWhole(t *testing.T) {
	text := string(Reference())
	var words []string
	for _, table := range policy.Tables() {
		for _, key := range table.Keys {
			words = append(words, "| `"+key.Name+"` |")
		}
	}
	for _, verb := range policy.Verbs() {
		words = append(words, "| `"+string(verb.Kind)+" ")
	}
	for _, clause := range policy.ClauseNames() {
		words = append(words, "`"+clause+"`")
	}
	for _, word := range words {
		if !strings.Contains(text, word) && word != "| `case` |" {
			t.Errorf("the reference has no %s", word)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if len(line) > 120 && !strings.HasPrefix(line, "|") {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
}
