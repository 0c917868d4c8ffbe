package compiler_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"confine/compiler"
	"confine/policy"

	"pgregory.net/rapid"
)

func subject() *compiler.Bundle {
	return &compiler.Bundle{
		Target: compiler.Target{Backend: compiler.Firejail, Version: compiler.Version{Major: 0, Minor: 9, Patch: 72}, Arch: "x86_64"},
		Policy: "p", Digest: "00ff",
		Artifacts:   []compiler.File{{Name: "z.profile", Data: []byte("z")}, {Name: "a.profile", Data: []byte("a")}},
		Coverage:    []compiler.Coverage{{Clause: "network.mode", Launched: compiler.Verdict{Strength: compiler.Exact, How: "x"}}},
		Expectation: compiler.Expectation{SeccompFilters: 5, Network: policy.NetworkNone},
		Mounts:      []compiler.Mount{{Path: "/scratch", Size: 4096, Clause: "filesystem.tmp"}},
	}
}

// TestBundleFiles: the manifest names every other file with the digest of what is
// written, and what is written can be read back.
func TestBundleFiles(t *testing.T) {
	b := subject()
	files, err := b.Files()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	byName := map[string][]byte{}
	for _, f := range files {
		names = append(names, f.Name)
		byName[f.Name] = f.Data
	}
	if want := []string{"a.profile", "coverage.json", "expectation.json", "manifest.json", "z.profile"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
	var manifest struct {
		Policy  string            `json:"policy"`
		Digest  string            `json:"policy_sha256"`
		Target  compiler.Target   `json:"target"`
		Digests map[string]string `json:"files_sha256"`
	}
	if err := json.Unmarshal(byName["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Policy != "p" || manifest.Digest != "00ff" || manifest.Target != b.Target {
		t.Errorf("%+v", manifest)
	}
	if len(manifest.Digests) != len(files)-1 {
		t.Errorf("digests of %d files, want %d", len(manifest.Digests), len(files)-1)
	}
	for name, data := range byName {
		if name == "manifest.json" {
			continue
		}
		sum := sha256.Sum256(data)
		if got := manifest.Digests[name]; got != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: digest %q", name, got)
		}
	}
	var expectation struct {
		compiler.Expectation
		Mounts []compiler.Mount `json:"mounts"`
	}
	if err := json.Unmarshal(byName["expectation.json"], &expectation); err != nil {
		t.Fatal(err)
	}
	if expectation.SeccompFilters != 5 || !slices.Equal(expectation.Mounts, b.Mounts) {
		t.Errorf("%+v", expectation)
	}
	var coverage []compiler.Coverage
	if err := json.Unmarshal(byName["coverage.json"], &coverage); err != nil || !slices.Equal(coverage, b.Coverage) {
		t.Errorf("%+v, %v", coverage, err)
	}
	for name, data := range byName {
		if name[len(name)-5:] == ".json" && !bytes.HasSuffix(data, []byte("}\n")) && !bytes.HasSuffix(data, []byte("]\n")) {
			t.Errorf("%s does not end in a line", name)
		}
	}
	if b.Artifacts[0].Name != "z.profile" || len(b.Artifacts) != 2 {
		t.Error("Files changed the bundle")
	}
}

// TestBundleFilesChange: a change of any part changes a digest of the manifest.
func TestBundleFilesChange(t *testing.T) {
	manifest := func(change func(*compiler.Bundle)) string {
		t.Helper()
		b := subject()
		change(b)
		files, err := b.Files()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Name == "manifest.json" {
				return string(f.Data)
			}
		}
		return ""
	}
	seen := map[string]int{}
	for i, change := range []func(*compiler.Bundle){
		func(*compiler.Bundle) {},
		func(b *compiler.Bundle) { b.Artifacts[0].Data = []byte("y") },
		func(b *compiler.Bundle) { b.Artifacts[0].Name = "y.profile" },
		func(b *compiler.Bundle) { b.Coverage[0].Launched.How = "y" },
		func(b *compiler.Bundle) { b.Expectation.Filter = []byte{1} },
		func(b *compiler.Bundle) { b.Mounts[0].Size = 1 },
		func(b *compiler.Bundle) { b.Target.Arch = "aarch64" },
		func(b *compiler.Bundle) { b.Target.Version.Patch = 73 },
		func(b *compiler.Bundle) { b.Policy = "q" },
		func(b *compiler.Bundle) { b.Digest = "01" },
	} {
		text := manifest(change)
		if was, ok := seen[text]; ok || text == "" {
			t.Errorf("changes %d and %d have one manifest", was, i)
		}
		seen[text] = i
	}
}

func TestArtifact(t *testing.T) {
	b := subject()
	if data, ok := b.Artifact("a.profile"); !ok || string(data) != "a" {
		t.Errorf("%q, %v", data, ok)
	}
	if data, ok := b.Artifact("a"); ok || data != nil {
		t.Errorf("%q, %v", data, ok)
	}
}

func TestSortCoverage(t *testing.T) {
	row := rapid.Custom(func(t *rapid.T) compiler.Coverage {
		text, number := rapid.SampledFrom([]string{"", "a", "b"}), rapid.IntRange(0, 2)
		return compiler.Coverage{
			Clause: text.Draw(t, "clause"), Subject: text.Draw(t, "subject"),
			At: policy.Position{Line: number.Draw(t, "line"), Column: number.Draw(t, "column")},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(row, 0, 8).Draw(t, "rows")
		shuffled := rapid.Permutation(slices.Clone(rows)).Draw(t, "shuffled")
		compiler.SortCoverage(rows)
		compiler.SortCoverage(shuffled)
		if !slices.Equal(rows, shuffled) {
			t.Fatalf("%v\n%v", rows, shuffled)
		}
		for i := 1; i < len(rows); i++ {
			if a, b := rows[i-1], rows[i]; a.Clause > b.Clause || a.Clause == b.Clause && a.Subject > b.Subject {
				t.Fatalf("%v before %v", a, b)
			}
		}
	})
}

func TestSufficient(t *testing.T) {
	for strength, want := range map[compiler.Strength]bool{
		compiler.Exact: true, compiler.Stronger: true, compiler.Weaker: false, compiler.None: false, "": false, "EXACT": false,
	} {
		if strength.Sufficient() != want {
			t.Errorf("%q is sufficient: %v", strength, !want)
		}
	}
}
