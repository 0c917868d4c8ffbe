package lint_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"confine/policy/lint"
)

var update = flag.Bool("update", false, "rewrite docs/rules")

// documentation is where the pages of the rules are.
const documentation = "../../docs/rules"

func TestRulesAreWellFormed(t *testing.T) {
	code := regexp.MustCompile(`^CF\d{3}$`)
	seen := map[string]string{}
	files, err := filepath.Glob("cf*.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := lint.Rules()
	if len(rules) < 40 {
		t.Errorf("%d rules", len(rules))
	}
	for i, r := range rules {
		if !code.MatchString(r.Code) || i > 0 && rules[i-1].Code >= r.Code {
			t.Errorf("code %q is not well formed, unique and in order", r.Code)
		}
		if r.Group() == "" {
			t.Errorf("%s is of no group", r.Code)
		}
		if r.Title == "" || strings.ToLower(r.Title[:1]) != r.Title[:1] && !strings.HasPrefix(r.Title, "PATH") || strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: title %q: one line, lower case, without a full stop", r.Code, r.Title)
		}
		if was, twice := seen[r.Title]; twice {
			t.Errorf("%s and %s have the title %q", was, r.Code, r.Title)
		}
		seen[r.Title] = r.Code
		if r.Why == "" || r.Instead == "" || r.Bad.Policy == "" || r.Good.Policy == "" {
			t.Errorf("%s lacks a reason, a cure or an example", r.Code)
		}
		own := 0
		for _, file := range files {
			if strings.HasPrefix(file, strings.ToLower(r.Code)+"_") && !strings.HasSuffix(file, "_test.go") {
				own++
			}
		}
		if own != 1 {
			t.Errorf("%s has %d files of its own", r.Code, own)
		}
	}
}

// The pages in docs/rules are those of the rules: go test ./policy/lint -update writes them.
func TestRulePages(t *testing.T) {
	pages := map[string]string{"README.md": index()}
	for _, r := range lint.Rules() {
		pages[r.Code+".md"] = "<!-- written by go test ./policy/lint -update -->\n\n" + r.Page()
	}
	if *update {
		if err := os.RemoveAll(documentation); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(documentation, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range pages {
		file := filepath.Join(documentation, name)
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != text {
			t.Errorf("%s is not the page of its rule (%v): go test ./policy/lint -update", file, err)
		}
	}
	files, err := os.ReadDir(documentation)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := pages[f.Name()]; !ok {
			t.Errorf("%s is the page of no rule", f.Name())
		}
	}
}

// index lists the rules by what they protect.
func index() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!-- written by go test ./policy/lint -update -->

# The rules of confine lint

%d rules. A code is stable: it is never used for another rule. "fix" marks those that `+"`confine lint --fix`"+` can cure: it
takes out entries without effect, and only where the policy then allows and denies exactly what it did. It leaves entries
without a "?": they refuse a launch where the path is missing.
`, len(lint.Rules()))
	group := ""
	for _, r := range lint.Rules() {
		if r.Group() != group {
			group = r.Group()
			fmt.Fprintf(&b, "\n## %s\n\n| code | severity | finds | |\n| --- | --- | --- | --- |\n", group)
		}
		fix := ""
		if r.Bad.Fixed != "" {
			fix = "fix"
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", r.Code, r.Code, r.Severity, strings.ReplaceAll(r.Title, "|", `\|`), fix)
	}
	return b.String()
}
