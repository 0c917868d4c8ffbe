package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// markdownSize bounds the rows of a table, in bytes: forges refuse comments of more
	// than 65536 characters. Loosened rows come first, and none is longer than 5000.
	markdownSize = 55_000
	// markdownCell is how many characters of a cell are shown.
	markdownCell = 200
)

// markdown is a table for a comment on a change, the verdict first.
func (r diffReport) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "**%s**: %s to %s\n", r.verdict(), inCode(r.Old.File), inCode(r.New.File))
	if len(r.Changes) == 0 {
		return out.String()
	}
	out.WriteString("\n|  | kind | what | before | example | place |\n| --- | --- | --- | --- | --- | --- |\n")
	for i, row := range r.Changes {
		if out.Len() > markdownSize {
			fmt.Fprintf(&out, "\n%s not shown here\n", count(len(r.Changes)-i, "difference is", "differences are"))
			break
		}
		verdict := row.Verdict
		if verdict == verdictLoosened {
			verdict = "**loosened**"
		}
		example := strings.TrimPrefix(row.shown(), "e.g. ")
		if row.Undecided {
			verdict, example = "**loosened** (not decided)", ""
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", verdict, strings.Join(row.Kinds, ", "),
			inCode(row.about()), inCode(row.before()), inCode(example), inCode(row.place()))
	}
	return out.String()
}

// inCode gives text as code, in which nothing is a mention, a link or a command to a
// forge. What could end the code or the cell is written as a number: nothing else holds in
// both at once.
func inCode(text string) string {
	text = visible(text)
	if runes := []rune(text); len(runes) > markdownCell {
		text = string(runes[:markdownCell-1]) + "…"
	}
	switch {
	case text == "":
		return ""
	case !strings.ContainsAny(text, "`|\\<>&"):
		return "`" + text + "`"
	}
	var out strings.Builder
	for _, r := range text {
		if r >= utf8.RuneSelf || r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, "&#%d;", r)
	}
	return "<code>" + out.String() + "</code>"
}
