package native_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/guard"
	"confine/compiler/native"
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

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func target(arch string) compiler.Target {
	return compiler.Target{Backend: compiler.Native, Version: native.Known[0], Arch: arch}
}

// ownNamespaces is the target of a launch that makes namespaces of its own.
func ownNamespaces() compiler.Target {
	own := target("x86_64")
	own.Namespaces = true
	return own
}

func compile(t failer, p *policy.Policy) *compiler.Bundle {
	t.Helper()
	return compileFor(t, p, target("x86_64"))
}

func compileFor(t failer, p *policy.Policy, target compiler.Target) *compiler.Bundle {
	t.Helper()
	b, err := native.Compile(p, target)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return b
}

func parse(t failer, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n"+text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func artifact(t failer, b *compiler.Bundle, name string) string {
	t.Helper()
	data, ok := b.Artifact(name)
	if !ok {
		t.Fatalf("no artifact %s", name)
	}
	return string(data)
}

// TestGolden compiles every policy of testdata, and those that ship.
func TestGolden(t *testing.T) {
	for name, p := range samples(t) {
		t.Run(name, func(t *testing.T) {
			b := compile(t, p)
			var text strings.Builder
			writeRules(t, &text, b)
			text.WriteString("\ncanaries of the guard\n")
			for _, c := range b.Expectation.Guard.Canaries {
				fmt.Fprintf(&text, "%-18s %s: %s\n", c.Clause, c.Subject, c.Calls[0].Answer)
			}
			golden(t, name+".golden", text.String())
		})
	}
}

// TestGoldenOwnNamespaces compiles policies with every clause for launches that make
// namespaces of their own.
func TestGoldenOwnNamespaces(t *testing.T) {
	all := samples(t)
	for _, name := range []string{"connector", "nested", "process"} {
		var text strings.Builder
		b := compileFor(t, all[name], ownNamespaces())
		writeRules(t, &text, b)
		fmt.Fprintf(&text, "\nisolated  %s\nshared    %s\n", strings.Join(b.Expectation.Isolated, " "), strings.Join(b.Expectation.Shared, " "))
		golden(t, name+".own.golden", text.String())
	}
}

// writeRules writes the rules of Landlock, and the coverage.
func writeRules(t *testing.T, text *strings.Builder, b *compiler.Bundle) {
	t.Helper()
	text.WriteString(artifact(t, b, native.RulesName) + "\n")
	for _, row := range b.Coverage {
		fmt.Fprintf(text, "%s %s\n  at         %s\n  launched   %s: %s\n", row.Clause, row.Subject, row.At, row.Launched.Strength, row.Launched.How)
		if row.Existence != "" {
			fmt.Fprintf(text, "  existence  %s\n", row.Existence)
		}
	}
}

// TestGuards: the guard of every network mode, for either machine.
func TestGuards(t *testing.T) {
	for _, arch := range []string{"x86_64", "aarch64"} {
		for _, mode := range []string{"none", "host", "egress"} {
			b, err := native.Compile(parse(t, "[network]\nmode = \""+mode+"\"\n[syscalls]\nbase = \"unrestricted\"\n"), target(arch))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "guard."+mode+"."+arch+".golden", artifact(t, b, guard.ListingName))
		}
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
		t.Errorf("%s differs; go test -update writes it; found\n%s", file, got)
	}
}
