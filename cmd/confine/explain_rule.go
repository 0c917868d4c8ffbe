package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"confine/policy/lint"
)

// isRuleCode reports whether a word looks like the code of a rule of lint, in any case.
func isRuleCode(word string) bool {
	word = strings.ToUpper(word)
	return len(word) == len("CF101") && strings.HasPrefix(word, "CF") && strings.Trim(word[2:], "0123456789") == ""
}

// explainRule prints the page of a rule; ok is false for words that name none. A policy whose
// file has such a name is told by its ending.
func explainRule(words []string, format string, s streams) (code int, ok bool) {
	if len(words) == 0 || !isRuleCode(words[0]) {
		return 0, false
	}
	rule, found := lint.RuleOf(strings.ToUpper(words[0]))
	switch {
	case !found:
		fmt.Fprintf(s.stderr, "confine: %v\n", lint.CheckCode(strings.ToUpper(words[0])))
	case len(words) > 1:
		fmt.Fprintf(s.stderr, "confine: the page of %s is all there is to explain of it, found %q too\n  expected  confine explain %[1]s\n", rule.Code, words[1])
	case format == "json":
		encoder := json.NewEncoder(s.stdout)
		encoder.SetIndent("", "  ")
		err := encoder.Encode(rulePage{rule.Code, rule.Severity.String(), rule.Title, rule.Why, rule.Instead, rule.Bad.Policy, rule.Good.Policy})
		if err == nil {
			return 0, true
		}
		fmt.Fprintf(s.stderr, "confine: %v\n", err)
	case format != "text":
		fmt.Fprintf(s.stderr, "confine: unknown format %q: expected text or json\n", format)
	default:
		fmt.Fprint(s.stdout, plainPage(rule.Page()))
		return 0, true
	}
	return exitUsage, true
}

// rulePage is a page for machines.
type rulePage struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Why      string `json:"why"`
	Instead  string `json:"instead"`
	// Bad is a policy in which the rule finds something, and Good one in which it does not.
	Bad  string `json:"bad"`
	Good string `json:"good"`
}

// plainPage is a page of docs/rules for a terminal: what is code there is indented, and the
// rest fits the columns.
func plainPage(page string) string {
	var out, text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out.WriteString(paragraph("", text.String()))
			text.Reset()
		}
	}
	code := false
	for line := range strings.SplitSeq(strings.TrimRight(page, "\n"), "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case fence:
			flush()
			code = !code
		case code:
			out.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		case strings.HasPrefix(line, "    "), line == "":
			flush()
			out.WriteString(line + "\n")
		case strings.HasPrefix(line, "#"):
			flush()
			out.WriteString(paragraph("", strings.TrimLeft(line, "# ")))
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "| "):
			flush()
			text.WriteString(line)
		default:
			text.WriteString(line + " ")
		}
	}
	flush()
	return out.String()
}
