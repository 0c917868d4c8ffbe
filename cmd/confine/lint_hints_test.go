package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"confine/policy"
	"confine/policy/lint"
)

// maxFirstLine is how wide the first line of a finding may be, in columns.
const maxFirstLine = 100

// advice is what a hint begins with that says in words what to do.
var advice = regexp.MustCompile(`^(remove|name|write|add|give|rename|did you mean|with one,?|\[\[accept\]\] with) `)

// What a finding shows fits its line, and its hint is words, or TOML that cures the bad
// example of its rule.
func TestHintsCure(t *testing.T) {
	for _, rule := range lint.Rules() {
		t.Run(rule.Code, func(t *testing.T) {
			bad := target(t, rule.Bad)
			for _, f := range exampleLinter().Lint(bad) {
				if f.Rule != rule {
					continue
				}
				f.At.File = "acme.toml"
				first, _, _ := strings.Cut(f.String(), "\n")
				if width := len(first) + len(" [CF101]"); width > maxFirstLine {
					t.Errorf("%d columns: %s", width, first)
				}
				if strings.Contains(f.Hint, "\n\n") {
					t.Errorf("a line of the hint is empty: %q", f.Hint)
				}
				words, tests, forTests := strings.Cut(f.Hint, "\n[[case]]\n")
				switch {
				case forTests && advice.MatchString(words):
					text := rule.Bad.Tests + "\n[[case]]\n" + tests + "\n"
					bad.Tests = &policy.Source{File: strings.TrimSuffix(bad.Source.File, ".toml") + ".test.toml", Text: []byte(text)}
				case f.Hint == "", advice.MatchString(f.Hint):
					continue
				default:
					bad.Source.Text = []byte(pasted(t, rule.Bad.Policy, f))
				}
				for _, again := range exampleLinter().Lint(bad) {
					if again.Rule.Code == "CF001" || again.Rule == rule && again.Message == f.Message {
						t.Errorf("%s, with the hint\n%s\n%s", again.Message, f.Hint, again.Diagnostic)
					}
				}
			}
		})
	}
}

var (
	tableLine = regexp.MustCompile(`^\[+[^\]"]*\]+$`)
	keyLine   = regexp.MustCompile(`^([A-Za-z_]+) *= `)
)

// pasted gives a policy with the hint of a finding in it: in place of the token that was
// found, or as keys of its table, or of the tables that it names.
func pasted(t *testing.T, text string, f lint.Finding) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	if !keyLine.MatchString(f.Hint) && !strings.HasPrefix(f.Hint, "[") {
		var parsed map[string]any
		if _, err := toml.Decode("value = "+f.Hint, &parsed); err != nil && !strings.HasPrefix(f.Hint, "#") {
			t.Fatalf("the hint is neither words nor TOML: %s", f.Hint)
		}
		line := &lines[f.At.Line-1]
		*line = (*line)[:f.At.Column-1] + f.Hint + (*line)[f.EndColumn-1:]
		return strings.Join(lines, "\n")
	}
	if _, err := toml.Decode(f.Hint, new(map[string]any)); err != nil {
		t.Fatalf("the hint is not TOML: %v\n%s", err, f.Hint)
	}
	// The table that a line belongs to begins below the last header before it.
	begins := 0
	for i, line := range lines[:f.At.Line] {
		if tableLine.MatchString(line) {
			begins = i + 1
		}
	}
	for _, line := range strings.Split(f.Hint, "\n") {
		switch key := keyLine.FindStringSubmatch(line); {
		case tableLine.MatchString(line):
			begins = slices.Index(lines, line) + 1
			if begins == 0 {
				lines = append(lines, line)
				begins = len(lines)
			}
		case key != nil:
			i := begins
			for i < len(lines) && !tableLine.MatchString(lines[i]) && !regexp.MustCompile("^"+key[1]+" *=").MatchString(lines[i]) {
				i++
			}
			if i < len(lines) && strings.HasPrefix(lines[i], key[1]) {
				lines[i] = line
			} else {
				lines = slices.Insert(lines, begins, line)
			}
		}
	}
	return strings.Join(lines, "\n")
}
