package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"confine/policy"
)

// testReport is what came of the tests of all policies.
type testReport struct {
	Passed   bool            `json:"passed"`
	Policies []*testedPolicy `json:"policies"`

	failUncovered bool
	// untested is how many policies were passed over, because they have no tests.
	untested int
}

// testedPolicy is what came of the tests of one policy.
type testedPolicy struct {
	Policy string `json:"policy"`
	Tests  string `json:"tests,omitempty"`
	// Error says why it could not be tested.
	Error    string        `json:"error,omitempty"`
	Cases    []testedCase  `json:"cases"`
	Coverage *testCoverage `json:"coverage,omitempty"`

	problem error
	tests   *policy.Tests
	resolve resolver
	results policy.Results
}

// testedCase is what came of one case.
type testedCase struct {
	Name     string          `json:"name"`
	At       policy.Position `json:"at"`
	Passed   bool            `json:"passed"`
	Failures []testFailure   `json:"failures"`
}

// testFailure is one access that came out otherwise than its case says.
type testFailure struct {
	Access    string           `json:"access,omitempty"`
	Expected  string           `json:"expected"`
	Found     string           `json:"found"`
	Because   string           `json:"because"`
	At        policy.Position  `json:"at"`
	DecidedAt *policy.Position `json:"decided_at,omitempty"`

	diagnostic policy.Diagnostic
}

// ask runs the tests of one policy: it is asked, and nothing is run.
func (s subject) ask() *testedPolicy {
	t := &testedPolicy{Policy: s.policy.File, Tests: s.tests.File, Cases: []testedCase{}}
	if t.tests, t.resolve, t.problem = s.prepare(); t.problem != nil {
		t.Error = errorText(t.problem)
		return t
	}
	t.results = t.tests.Results(t.resolve)
	for _, r := range t.results {
		c := testedCase{Name: r.Case.Name, At: r.Case.At, Passed: len(r.Failures) == 0, Failures: []testFailure{}}
		for _, f := range r.Failures {
			access := ""
			if f.Kind != "" {
				access = f.Access.String()
			}
			c.Failures = append(c.Failures, testFailure{access, f.Expected, f.Found, f.Because, f.At, stated(f.DecidedAt), f.Diagnostic})
		}
		t.Cases = append(t.Cases, c)
	}
	return t
}

// errorText gives all that an error says, without a line break at the end.
func errorText(err error) string {
	var diagnostics policy.Diagnostics
	if !errors.As(err, &diagnostics) {
		return err.Error()
	}
	var out strings.Builder
	_ = diagnostics.Render(&out)
	return strings.TrimSuffix(out.String(), "\n")
}

// testCounts is a report in numbers.
type testCounts struct {
	policies, cases, failed, broken int
	// untested policies have no tests, and were passed over.
	untested int
	// unexercised entries, and policies of which it is not known.
	unexercised, unknown int
	covered              bool
}

func (r *testReport) counts() testCounts {
	n := testCounts{untested: r.untested}
	for _, t := range r.Policies {
		if t.problem != nil {
			n.broken++
			continue
		}
		n.policies++
		n.cases += len(t.Cases)
		for _, c := range t.Cases {
			n.failed += len(c.Failures)
		}
		if t.Coverage != nil {
			n.covered = true
			n.unexercised += len(t.Coverage.Unexercised)
			if t.Coverage.Unknown != "" {
				n.unknown++
			}
		}
	}
	return n
}

func (r *testReport) exitCode() int {
	n := r.counts()
	switch {
	case n.broken > 0:
		return exitUsage
	case n.failed > 0, r.failUncovered && n.unexercised+n.unknown > 0:
		return exitFailed
	}
	return 0
}

// finished is the report with its verdict.
func (r *testReport) finished() *testReport {
	r.Passed = r.exitCode() == 0
	return r
}

// summary is the last line of the results for people.
func (n testCounts) summary() string {
	broken := count(n.broken, "policy", "policies") + " could not be tested"
	if n.policies == 0 && n.broken > 0 {
		return broken
	}
	parts := []string{"all passed"}
	if n.failed > 0 {
		parts = []string{count(n.failed, "access failed", "accesses failed")}
	}
	if n.broken > 0 {
		parts = append(parts, broken)
	}
	if n.untested > 0 {
		parts = append(parts, count(n.untested, "policy without tests", "policies without tests")+" passed over")
	}
	return fmt.Sprintf("%s, %s: %s%s", count(n.policies, "policy", "policies"), count(n.cases, "case", "cases"),
		strings.Join(parts, ", "), n.coverage())
}

func testFormat(name string) (func(io.Writer, *testReport) error, error) {
	switch name {
	case "text":
		return func(w io.Writer, r *testReport) error { return writeAll(w, r.text()) }, nil
	case "tap":
		return func(w io.Writer, r *testReport) error { return writeAll(w, r.tap()) }, nil
	case "junit":
		return func(w io.Writer, r *testReport) error { return r.junit(w) }, nil
	case "json":
		return func(w io.Writer, r *testReport) error { return writeJSON(w, r) }, nil
	}
	return nil, fmt.Errorf("unknown format %q: expected text, tap, junit or json", name)
}

func (r *testReport) text() string {
	var out strings.Builder
	for _, t := range r.Policies {
		if failures := t.results.Diagnostics(); len(failures) > 0 {
			_ = failures.Render(&out)
			out.WriteString("\n")
		}
	}
	for _, t := range r.Policies {
		if t.Coverage != nil {
			out.WriteString(t.coverageText())
		}
	}
	return out.String() + r.counts().summary() + "\n"
}
