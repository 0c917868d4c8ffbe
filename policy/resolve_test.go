package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/policy"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestResolveFiles resolves the archives of testdata/extends. root.toml is resolved with
// the other files as its library; the files "params" and "unbound" are options. What
// comes out is the file "policy" or "diagnostics".
func TestResolveFiles(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join("testdata", "extends", "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := resolveArchive(t, archive)
			if strings.Contains(got[0].output(), "hunter2") && got[0].Name == "diagnostics" {
				t.Errorf("a secret is shown:\n%s", got[0].Data)
			}
			var kept []txtar.File
			want := map[string]string{}
			for _, f := range archive.Files {
				if f.Name == "policy" || f.Name == "diagnostics" {
					want[f.Name] = string(f.Data)
				} else {
					kept = append(kept, f)
				}
			}
			for _, f := range got {
				kept = append(kept, txtar.File(f))
				if !*update && want[f.Name] != string(f.Data) {
					t.Errorf("%s differs\n--- got\n%s--- want\n%s", f.Name, f.Data, want[f.Name])
				}
			}
			if *update {
				archive.Files = kept
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type outcome txtar.File

func (o outcome) output() string { return string(o.Data) }

func resolveArchive(t *testing.T, archive *txtar.Archive) []outcome {
	t.Helper()
	s := shelf{}
	o := policy.Options{Parameters: map[string]string{}}
	for _, f := range archive.Files {
		switch name, isPolicy := strings.CutSuffix(f.Name, ".toml"); {
		case isPolicy:
			s[name] = string(f.Data)
		case f.Name == "unbound":
			o.Unbound = true
		case f.Name == "params":
			for _, line := range strings.Fields(string(f.Data)) {
				name, value, _ := strings.Cut(line, "=")
				o.Parameters[name] = value
			}
		}
	}
	p, err := s.resolve("root", o)
	if err != nil {
		return []outcome{{"diagnostics", []byte(told(err))}}
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return []outcome{{"policy", append(text, '\n')}}
}
