package main

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestJUnit reads the XML back.
func TestJUnit(t *testing.T) {
	for _, failUncovered := range []bool{false, true} {
		report := someReport(t, failUncovered)
		var out bytes.Buffer
		if err := report.junit(&out); err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(out.Bytes()) || !strings.HasPrefix(out.String(), `<?xml version="1.0" encoding="UTF-8"?>`+"\n") {
			t.Fatalf("not a document in UTF-8: %q", out.String())
		}
		var read junitReport
		if err := xml.Unmarshal(out.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		uncovered := map[bool]string{false: "skipped", true: "failure"}[failUncovered]
		checkJUnit(t, read, []string{
			"fails.toml", "failure", "failure", "passed", "error", // coverage is not known if a case has no policy
			"passes.toml", "passed", uncovered,
			"all.toml", "passed", "passed",
			"broken \ufffd # \ufffd.toml", "error",
		})
		first := read.Suites[0].Cases[0]
		// XML has no way to say these two; the others it gives back.
		if want := strings.NewReplacer("\x01", "\ufffd", "\x1b", "\ufffd").Replace(awkward); first.Name != want {
			t.Errorf("name %q, expected %q", first.Name, want)
		}
		if first.ClassName != "fails.toml" || first.File != "fails.test.toml" {
			t.Errorf("class %q, file %q", first.ClassName, first.File)
		}
		if text := first.Failure.Text; !strings.HasPrefix(text, "fails.test.toml:3:10: error: read /b is denied\n") ||
			!strings.Contains(text, "\n      |          ^^^^^^^^^\n") {
			t.Errorf("text of the failure: %q", text)
		}
		if second := read.Suites[0].Cases[1].Name; second != "no such\nparameter" {
			t.Errorf("name %q", second)
		}
	}
}

// checkJUnit compares the outcomes, and the counts with them.
func checkJUnit(t *testing.T, report junitReport, want []string) {
	t.Helper()
	var got []string
	all := map[string]int{}
	for _, suite := range report.Suites {
		got = append(got, suite.Name)
		of := map[string]int{}
		for _, c := range suite.Cases {
			outcome := "passed"
			for name, problem := range map[string]*junitProblem{"failure": c.Failure, "error": c.Error, "skipped": c.Skipped} {
				if problem == nil {
					continue
				}
				if outcome != "passed" || problem.Message == "" || problem.Text == "" {
					t.Errorf("%s has two outcomes, or one without words: %+v", c.Name, c)
				}
				outcome = name
			}
			of[outcome]++
			all[outcome]++
			got = append(got, outcome)
		}
		if suite.Tests != len(suite.Cases) || suite.Failures != of["failure"] || suite.Errors != of["error"] || suite.Skipped != of["skipped"] {
			t.Errorf("counts of %s: %+v, and in it %v", suite.Name, suite, of)
		}
	}
	total := 0
	for _, n := range all {
		total += n
	}
	if report.Tests != total || report.Failures != all["failure"] || report.Errors != all["error"] {
		t.Errorf("counts: %d tests, %d failures, %d errors, and in it %v", report.Tests, report.Failures, report.Errors, all)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("outcomes %q, expected %q", got, want)
	}
}
