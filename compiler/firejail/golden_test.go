package firejail_test

import (
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

// shipped are the policies of another package, which none of compiler imports.
const shipped = "../../policies/*.toml"

// TestGolden compiles every policy of testdata, and those that ship.
func TestGolden(t *testing.T) {
	var sources []string
	for _, pattern := range []string{"testdata/*.toml", shipped} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		sources = append(sources, found...)
	}
	for _, source := range sources {
		name := strings.TrimSuffix(filepath.Base(source), ".toml")
		if strings.HasSuffix(name, ".test") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			p, err := policy.Parse(name+".toml", src)
			if err != nil {
				t.Fatal(err)
			}
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
