package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"confine/policy"
	"confine/policy/lint"
)

// unsound are findings less than errors that no example has either: of networks that are
// wider than what is meant, and that no backend was asked.
var unsound = []string{"CF106", "CF116", "CF121", "CF313"}

// A backend takes every example of the reference, and nothing in one is an error or opens
// more of a network than is meant. The values of one table are shown with the others left
// out, so that what a whole policy should have is missing.
func TestReferenceExamples(t *testing.T) {
	for _, table := range policy.Tables() {
		switch table.Name {
		case "tests", "case":
			continue
		case "capabilities":
			continue // no backend gives any, which its page says
		}
		t.Run(table.Name, func(t *testing.T) {
			soundExample(t, table.Example)
		})
	}
}

// The policies of the pages, whole ones and those that show a part of the language, are as
// sound.
func TestDocumentedExamplesLint(t *testing.T) {
	block := regexp.MustCompile("(?s)```toml(?: language| [a-z]+\\.toml)?\n(schema.*?)```")
	found := 0
	for _, page := range []string{"README.md", "SECURITY.md", "CHANGELOG.md", "policies/README.md", "docs/ci.md", "docs/new-connector.md"} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range block.FindAllStringSubmatch(string(text), -1) {
			found++
			t.Run(page, func(t *testing.T) { soundExample(t, match[1]) })
		}
	}
	if found < 3 {
		t.Errorf("%d examples", found)
	}
}

// soundExample lints an example.
func soundExample(t *testing.T, text string) {
	t.Helper()
	for _, f := range exampleLinter().Lint(target(t, lint.Example{Policy: text})) {
		shown := f.Rule.Code == "CF602" // the reference shows how ptrace is allowed
		if f.Rule.Severity == lint.Error && !shown || slices.Contains(unsound, f.Rule.Code) {
			t.Errorf("%s", f.String())
		}
	}
}
