package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"confine/policy"
	"confine/policy/lint"
)

// exampleDay is the day on which the examples of rules are looked at: those of exceptions
// and suppressions have dates around it.
var exampleDay = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// exampleLinter asks the real backends.
func exampleLinter() *lint.Linter {
	return &lint.Linter{Library: &library{}, Today: exampleDay, Coverage: newLaunches().coverage}
}

// target writes an example into a directory, as acme.toml.
func target(t *testing.T, e lint.Example) lint.Target {
	t.Helper()
	file := filepath.Join(t.TempDir(), "acme.toml")
	if err := os.WriteFile(file, []byte(e.Policy), 0o600); err != nil {
		t.Fatal(err)
	}
	target := lint.Target{Source: policy.Source{File: file, Text: []byte(e.Policy)}, Relative: "acme.toml"}
	if e.Tests != "" {
		target.Tests = &policy.Source{File: filepath.Join(filepath.Dir(file), "acme.test.toml"), Text: []byte(e.Tests)}
	}
	return target
}

func codesOf(findings []lint.Finding) []string {
	var codes []string
	for _, f := range findings {
		if f.Suppressed == nil {
			codes = append(codes, f.Rule.Code)
		}
	}
	return codes
}

// Every rule finds something in its bad example and nothing in its good one, and --fix
// makes of the bad one what the page says.
func TestRuleExamples(t *testing.T) {
	for _, rule := range lint.Rules() {
		t.Run(rule.Code, func(t *testing.T) {
			bad, good := target(t, rule.Bad), target(t, rule.Good)
			found := exampleLinter().Lint(bad)
			if !slices.Contains(codesOf(found), rule.Code) {
				t.Errorf("nothing is found in the bad example: %v", codesOf(found))
			}
			for _, f := range found {
				if f.Rule.Code == "CF001" && rule.Code != "CF001" {
					t.Errorf("the bad example is not valid: %s", f.Message)
				}
			}
			for _, f := range exampleLinter().Lint(good) {
				if f.Suppressed == nil && (f.Rule == rule || f.Rule.Code == "CF001") {
					t.Errorf("found in the good example: %s: %s", f.Rule.Code, f.Message)
				}
			}
			only := func(f lint.Finding) bool { return f.Rule == rule }
			fixed := exampleLinter().Fix(bad, only)
			switch {
			case rule.Bad.Fixed == "" && fixed.Cured > 0:
				t.Errorf("--fix changes the bad example, which its page does not say:\n%s", fixed.Text)
			case rule.Bad.Fixed != "" && fixed.Text != rule.Bad.Fixed:
				t.Errorf("--fix gives\n%s\nexpected\n%s", fixed.Text, rule.Bad.Fixed)
			}
		})
	}
}
