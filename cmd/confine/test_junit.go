package main

import (
	"encoding/xml"
	"io"
	"strings"

	"confine/policy"
)

// The elements of JUnit's XML that CI services read. Times are left out: the same tests
// give the same bytes.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		File      string        `xml:"file,attr,omitempty"`
		Failure   *junitProblem `xml:"failure"`
		Error     *junitProblem `xml:"error"`
		Skipped   *junitProblem `xml:"skipped"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit writes the report as JUnit's XML: a suite for each policy. What is not exercised
// is a failure with --fail-uncovered, and otherwise a test that is skipped.
func (r *testReport) junit(w io.Writer) error {
	report := junitReport{Name: "confine test"}
	for _, t := range r.Policies {
		suite := t.junit(r.failUncovered)
		suite.Tests = len(suite.Cases)
		for _, c := range suite.Cases {
			if c.Failure != nil {
				suite.Failures++
			}
			if c.Error != nil {
				suite.Errors++
			}
			if c.Skipped != nil {
				suite.Skipped++
			}
		}
		report.Tests += suite.Tests
		report.Failures += suite.Failures
		report.Errors += suite.Errors
		report.Suites = append(report.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (t *testedPolicy) junit(failUncovered bool) junitSuite {
	suite := junitSuite{Name: t.Policy}
	add := func(c junitCase) {
		c.ClassName, c.File = t.Policy, t.Tests
		suite.Cases = append(suite.Cases, c)
	}
	if t.problem != nil {
		first, _, _ := strings.Cut(t.problem.Error(), "\n")
		add(junitCase{Name: "could not be tested", Error: &junitProblem{Message: first, Text: t.Error}})
		return suite
	}
	for _, c := range t.Cases {
		add(junitCase{Name: c.Name, Failure: c.junitFailure()})
	}
	if t.Coverage == nil {
		return suite
	}
	c := junitCase{Name: "every entry is exercised"}
	missing := &junitProblem{
		"no case exercises " + count(len(t.Coverage.Unexercised), "entry", "entries"), strings.TrimRight(t.coverageText(), "\n"),
	}
	switch {
	case t.Coverage.Unknown != "":
		c.Error = &junitProblem{"not known", t.Coverage.Unknown}
	case t.Coverage.complete():
	case failUncovered:
		c.Failure = missing
	default:
		c.Skipped = missing
	}
	add(c)
	return suite
}

func (c testedCase) junitFailure() *junitProblem {
	if c.Passed {
		return nil
	}
	var all policy.Diagnostics
	var messages []string
	for _, f := range c.Failures {
		all = append(all, f.diagnostic)
		messages = append(messages, f.diagnostic.Message)
	}
	return &junitProblem{strings.Join(messages, "; "), errorText(all)}
}
