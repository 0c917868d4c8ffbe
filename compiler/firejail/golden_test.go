package firejail_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"
)

var update = flag.Bool("update", false, "write the golden files")

// shipped holds the policies of another package, which none of compiler imports.
const shipped = "../../policies"

// directory is the library of the policies of one directory.
type directory string

func (d directory) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	text, err := os.ReadFile(filepath.Join(string(d), name+".toml"))
	if errors.Is(err, os.ErrNotExist) {
		return policy.Source{}, false, nil
	}
	return policy.Source{File: name + ".toml", Text: text}, err == nil, err
}

func (d directory) Names(policy.Source) []string { return nil }

// samples resolves every policy of testdata, and those that ship, by name.
func samples(t *testing.T) map[string]*policy.Policy {
	t.Helper()
	out := map[string]*policy.Policy{}
	for _, d := range []directory{"testdata", shipped} {
		files, err := filepath.Glob(filepath.Join(string(d), "*.toml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", d, files, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".toml")
			if strings.HasSuffix(name, ".test") {
				continue
			}
			source, _, err := d.Find(policy.Source{}, name)
			if err != nil {
				t.Fatal(err)
			}
			if out[name], err = policy.Resolve(source, policy.Options{Library: d}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// TestGolden compiles every policy of testdata, and those that ship.
func TestGolden(t *testing.T) {
	for name, p := range samples(t) {
		t.Run(name, func(t *testing.T) {
			b := compile(t, p)
			golden(t, name+".launched.profile", artifact(t, b, firejail.LaunchedProfile))
			golden(t, name+".standalone.profile", artifact(t, b, firejail.StandaloneProfile))
			golden(t, name+".coverage.txt", coverageText(b.Coverage))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update writes it\n%s", file, difference(string(want), got))
	}
}

// difference lists the lines that only one of two texts has.
func difference(want, got string) string {
	var b strings.Builder
	count := map[string]int{}
	for _, line := range strings.Split(want, "\n") {
		count[line]++
	}
	for _, line := range strings.Split(got, "\n") {
		if count[line]--; count[line] < 0 {
			fmt.Fprintf(&b, "+ %s\n", line)
		}
	}
	for _, line := range strings.Split(want, "\n") {
		if count[line] > 0 {
			count[line]--
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	return b.String()
}

func coverageText(rows []compiler.Coverage) string {
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%s %s\n  at           %s\n  launched     %s: %s\n  stand-alone  %s: %s\n",
			row.Clause, row.Subject, row.At, row.Launched.Strength, row.Launched.How, row.Standalone.Strength, row.Standalone.How)
		if row.Existence != "" {
			fmt.Fprintf(&b, "  existence    %s\n", row.Existence)
		}
	}
	return b.String()
}
