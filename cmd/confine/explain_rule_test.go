package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"confine/policy/lint"
)

// The page of every rule fits a terminal, but for the policies that it shows.
func TestPlainPages(t *testing.T) {
	for _, rule := range lint.Rules() {
		page := plainPage(rule.Page())
		for line := range strings.Lines(page) {
			line = strings.TrimSuffix(line, "\n")
			if !strings.HasPrefix(line, "    ") && utf8.RuneCountInString(line) > columns && strings.Contains(line, " ") {
				t.Errorf("%s: %d columns: %s", rule.Code, utf8.RuneCountInString(line), line)
			}
		}
		if strings.Contains(page, "```") || strings.HasPrefix(page, "#") {
			t.Errorf("%s has marks of another medium:\n%s", rule.Code, page)
		}
		for _, want := range []string{rule.Code, rule.Severity.String(), "confine: allow " + rule.Code} {
			if !strings.Contains(page, want) && rule.Code != "CF001" {
				t.Errorf("%s lacks %q", rule.Code, want)
			}
		}
	}
}
