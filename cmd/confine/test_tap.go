package main

import (
	"fmt"
	"strconv"
	"strings"
)

// tap is the report in version 14 of the Test Anything Protocol (testanything.org): a
// test point for each case, and one for each policy that could not be tested or whose
// coverage was asked for. What is not exercised is a failure that counts only with
// --fail-uncovered: otherwise the point has the directive TODO.
func (r *testReport) tap() string {
	var out tapWriter
	for _, t := range r.Policies {
		if t.problem != nil {
			out.point(false, t.Policy+": could not be tested", "")
			out.block("message: " + yamlText(t.Error))
			continue
		}
		for _, c := range t.Cases {
			out.point(c.Passed, t.Policy+": "+c.Name, "")
			if !c.Passed {
				out.block(c.yaml()...)
			}
		}
		if t.Coverage != nil {
			directive := ""
			if !r.failUncovered && t.Coverage.Unknown == "" && !t.Coverage.complete() {
				directive = "TODO no case exercises " + count(len(t.Coverage.Unexercised), "entry", "entries")
			}
			out.point(t.Coverage.complete(), t.Policy+": every entry is exercised", directive)
			if !t.Coverage.complete() {
				out.block(t.Coverage.yaml()...)
			}
		}
	}
	return fmt.Sprintf("TAP version 14\n1..%d\n%s", out.points, out.text.String())
}

// tapWriter numbers the test points.
type tapWriter struct {
	points int
	text   strings.Builder
}

func (w *tapWriter) point(ok bool, description, directive string) {
	w.points++
	result := "not ok"
	if ok {
		result = "ok"
	}
	// In a description "#" would begin a directive.
	safe := strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(visible(description))
	if directive != "" {
		safe += " # " + directive
	}
	fmt.Fprintf(&w.text, "%s %d - %s\n", result, w.points, safe)
}

// block is the YAML below the last point.
func (w *tapWriter) block(lines ...string) {
	fmt.Fprintf(&w.text, "  ---\n  %s\n  ...\n", strings.Join(lines, "\n  "))
}

// yamlText quotes a text. What strconv escapes, and how, YAML reads in double quotes.
func yamlText(text string) string { return strconv.Quote(text) }

func (c testedCase) yaml() []string {
	lines := []string{"at: " + yamlText(c.At.String()), "failures:"}
	for _, f := range c.Failures {
		lines = append(lines, "  - at: "+yamlText(f.At.String()))
		add := func(key, value string) { lines = append(lines, "    "+key+": "+yamlText(value)) }
		if f.Access != "" {
			add("access", f.Access)
		}
		add("expected", f.Expected)
		add("found", f.Found)
		add("because", f.Because)
		if f.DecidedAt != nil {
			add("decided_at", f.DecidedAt.String())
		}
	}
	return lines
}

func (c *testCoverage) yaml() []string {
	if c.Unknown != "" {
		return []string{"message: " + yamlText(c.Unknown)}
	}
	lines := []string{"unexercised:"}
	for _, e := range c.Unexercised {
		lines = append(
			lines,
			"  - clause: "+yamlText(e.Clause),
			"    subject: "+yamlText(e.Subject),
			"    at: "+yamlText(e.At.String()),
		)
	}
	return lines
}
