package policy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unshown are texts of diagnostics that no golden file shows, each with the reason.
var unshown = map[string]string{
	"no arguments of %s satisfy this condition": "Condition.Check refuses single conditions that never match; this is what it may one day not see",
	"not valid TOML":              "only where the decoder fails with an error of another kind than its own",
	"%s is not a valid string":    "the decoder refuses such a document before",
	"policy is larger than 1 MiB": "TestParseTooLarge: the input is too large for a file of tests",
	"expected  at most %d bytes":  "as above",
	"found     %d bytes":          "as above",
	"policy and what it extends are larger than %d MiB together":               "TestResolveLimits",
	"policy is made from more than %d files":                                   "TestResolveLimits",
	"extends names %d policies":                                                "TestResolveLimits",
	"expected  at most %d":                                                     "TestResolveLimits",
	"%s is not supported by this version of confine; nothing would enforce it": "where the language has no later part",
	"it is part of the policy language, and refused rather than ignored":       "as above",
	"base %q is another file than this policy, and both are called %s":         "TestResolveSameFile",
	"positions in messages could mean either":                                  "as above",
	"rename this policy, or name it with its directory: ./%s":                  "as above",
	"policy is larger than %d bytes":                                           "TestParseTooLarge",
	"environment.set.%s contains a NUL character":                              "TestParseNUL: git and editors take a file with an escaped NUL badly",
}

// TestEveryMessageIsShown: a golden file shows every text that a diagnostic can have.
func TestEveryMessageIsShown(t *testing.T) {
	shown := goldenTexts(t)
	for format, at := range diagnosticFormats(t) {
		if _, ok := unshown[format]; ok {
			continue
		}
		pattern, err := regexp.Compile(formatPattern(format))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(shown, pattern.MatchString) {
			t.Errorf("%s: no golden file shows %q", at, format)
		}
	}
}

// formatPattern gives what a text of a format looks like.
func formatPattern(format string) string {
	parts := regexp.MustCompile(`%[#0-9]*[a-z]`).Split(strings.Join(strings.Fields(format), " "), -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return "^" + strings.Join(parts, ".*") + "$"
}

// diagnosticFormats gives the format strings of the package's diagnostics, and where
// they stand. A format that is only a verb says nothing of its own.
func diagnosticFormats(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	formats := map[string]string{}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "syscall") || name == "access.go" {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"add", "addAt", "note", "advise", "refuseText", "Errorf"}, selector.Sel.Name) {
				return true
			}
			for _, argument := range call.Args {
				literal, ok := argument.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					continue
				}
				format, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Trim(format, "%sdvq:= ") != "" {
					formats[format] = set.Position(call.Pos()).String()
				}
				break
			}
			return true
		})
	}
	if len(formats) < 100 {
		t.Fatalf("only %d formats were found", len(formats))
	}
	return formats
}

// goldenTexts gives the messages, notes and hints of all golden files, without the
// breaks that long notes have.
func goldenTexts(t *testing.T) []string {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"bad/*.golden", "tests/*.golden", "extends/*.txtar", "settings/*.golden"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			whole := regexp.MustCompile(`\n {8,}`).ReplaceAllString(string(content), " ")
			for _, line := range strings.Split(whole, "\n") {
				_, text, ok := strings.Cut(line, ": error: ")
				if !ok {
					text, ok = strings.CutPrefix(line, "      = hint: ")
				}
				if !ok {
					text, ok = strings.CutPrefix(line, "      = ")
				}
				if !ok {
					continue
				}
				text = strings.Join(strings.Fields(text), " ")
				texts = append(texts, text)
				// What an error says is often the second half of a message.
				if _, detail, ok := strings.Cut(text, ": "); ok {
					texts = append(texts, detail)
				}
			}
		}
	}
	return texts
}
