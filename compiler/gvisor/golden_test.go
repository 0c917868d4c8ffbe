package gvisor_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"
)

var update = flag.Bool("update", false, "write the golden files")

// shipped holds the policies of another package, which none of compiler imports.
const shipped = "../../policies"

// library has the policies of one directory.
type library string

func (d library) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	text, err := os.ReadFile(filepath.Join(string(d), name+".toml"))
	if errors.Is(err, os.ErrNotExist) {
		return policy.Source{}, false, nil
	}
	return policy.Source{File: name + ".toml", Text: text}, err == nil, err
}

func (d library) Names(policy.Source) []string { return nil }

// samples resolves every policy of testdata, and those that ship, by name.
func samples(t *testing.T) map[string]*policy.Policy {
	t.Helper()
	out := map[string]*policy.Policy{}
	for _, d := range []library{"testdata", shipped} {
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

// compiled are the bundles of the samples: to prove their filters takes longer than what
// most tests do with them.
var compiled = map[string]*compiler.Bundle{}

// sampleBundle compiles a sample, once in a run of the tests.
func sampleBundle(t failer, name string, p *policy.Policy) *compiler.Bundle {
	t.Helper()
	if compiled[name] == nil {
		compiled[name] = compile(t, p)
	}
	return compiled[name]
}

// TestGolden compiles every policy of testdata, and those that ship. What both forms
// share is there once, and short; linux.seccomp has golden files in guestseccomp.
func TestGolden(t *testing.T) {
	for name, p := range samples(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".golden", bundleText(t, sampleBundle(t, name, p)))
		})
	}
}

// TestGoldenWithoutRoot: where nothing is known of the root file system, what must be
// there is a directory, what may be missing is left out, and no program is named.
func TestGoldenWithoutRoot(t *testing.T) {
	for _, name := range []string{"nested", "system"} {
		golden(t, name+".rootless.golden", bundleText(t, compileIn(t, samples(t)[name], nil)))
	}
}

// TestGoldenBytes has the files of one policy as they are written.
func TestGoldenBytes(t *testing.T) {
	files, err := sampleBundle(t, "minimal", samples(t)["minimal"]).Files()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range files {
		switch f.Name {
		case gvisor.LaunchedConfig, gvisor.LaunchedFlags, gvisor.StandaloneFlags, "skeleton.json":
			fmt.Fprintf(&b, "-- %s --\n%s", f.Name, f.Data)
		}
	}
	golden(t, "minimal.bytes.golden", b.String())
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

// bundleText is a bundle for people, and all of it but for seccomp.
func bundleText(t *testing.T, b *compiler.Bundle) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("-- skeleton --\n" + skeletonText(b.Skeleton))
	text.WriteString("-- mounts --\n" + mountsText(t, b))
	for i, name := range configs {
		s := specOf(t, b, name)
		s.Mounts = nil
		if s.Linux.Seccomp != nil {
			s.Linux.Seccomp.Syscalls = nil
		}
		data, err := json.MarshalIndent(s, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "-- %s without mounts and syscalls --\n%s\n", name, data)
		fmt.Fprintf(&text, "-- %s --\n%s\n", flagFiles[i], strings.Join(flagsOf(t, b, flagFiles[i]), " "))
	}
	text.WriteString("-- coverage --\n" + coverageText(b.Coverage))
	return text.String()
}

func skeletonText(nodes []compiler.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		switch n.Kind {
		case compiler.NodeLink:
			fmt.Fprintf(&b, "l      %s -> %s\n", n.Path, n.Target)
		case compiler.NodeDirectory:
			fmt.Fprintf(&b, "d %04o %s\n", n.Mode, n.Path)
		default:
			fmt.Fprintf(&b, "f %04o %s\n", n.Mode, n.Path)
		}
	}
	return b.String()
}

// mountsText has one mount a line; both forms of config.json have the same.
func mountsText(t failer, b *compiler.Bundle) string {
	t.Helper()
	var texts []string
	for _, name := range configs {
		var text strings.Builder
		for _, m := range specOf(t, b, name).Mounts {
			fmt.Fprintf(&text, "%q %s %q %s\n", m.Destination, m.Type, m.Source, strings.Join(m.Options, ","))
		}
		texts = append(texts, text.String())
	}
	if texts[0] != texts[1] {
		t.Fatalf("the two forms have other mounts:\n%s", difference(texts[0], texts[1]))
	}
	return texts[0]
}

func coverageText(rows []compiler.Coverage) string {
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%s %s\n  at           %s\n  launched     %s: %s\n", row.Clause, row.Subject, row.At, row.Launched.Strength, row.Launched.How)
		if row.Standalone != row.Launched {
			fmt.Fprintf(&b, "  stand-alone  %s: %s\n", row.Standalone.Strength, row.Standalone.How)
		}
		if row.Existence != "" {
			fmt.Fprintf(&b, "  existence    %s\n", row.Existence)
		}
	}
	return b.String()
}
