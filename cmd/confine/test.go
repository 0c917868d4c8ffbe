package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"confine/policies"
	"confine/policy"
)

const testHelp = `usage: confine test [PATH...]

asks policies what their tests expect of them: NAME.test.toml, beside NAME.toml, lists
accesses that the policy must allow or deny. Nothing is run; the answers are those that
every backend has to enforce

a PATH is a policy, its tests, or a directory with all below it (default: the current
one), or the name of one of confine's own

examples:
  confine test policies/
  confine test my.toml
  confine test source-declarative-manifest

exit codes:
  0  every case passed
  1  a case failed
  2  something could not be read
`

// suffixes of the files of a policy and of its tests.
const (
	policySuffix = ".toml"
	testsSuffix  = ".test.toml"
)

func testCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	if code, ok := parseFlags(flags, args, s, testHelp, exitUsage); !ok {
		return code
	}
	paths := flags.Args()
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var t tester
	for _, path := range paths {
		subjects, problems := findSubjects(path)
		for _, err := range problems {
			explain(s.stderr, nil, err)
			t.broken++
		}
		for _, subject := range subjects {
			t.test(subject, s)
		}
	}
	fmt.Fprintf(s.stdout, "%s, %s: %s\n", count(t.policies, "policy", "policies"), count(t.cases, "case", "cases"), t.verdict())
	switch {
	case t.broken > 0:
		return exitUsage
	case t.failed > 0:
		return 1
	}
	return 0
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// tester counts what came of the tests.
type tester struct{ policies, cases, failed, broken int }

func (t *tester) verdict() string {
	switch {
	case t.broken > 0:
		return fmt.Sprintf("%d could not be tested, %s", t.broken, count(t.failed, "access failed", "accesses failed"))
	case t.failed > 0:
		return count(t.failed, "access failed", "accesses failed")
	}
	return "all passed"
}

// subject is a policy and its tests, as a person named them.
type subject struct{ policy, tests policy.Source }

// findSubjects gives what a path stands for.
func findSubjects(path string) (subjects []subject, problems []error) {
	if source, ok := policies.Find(path); ok {
		return []subject{{source, policies.Tests(path)}}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, []error{fmt.Errorf("find the tests: %w\n  expected  a policy, its tests, a directory, or one of confine's own: %s",
			err, strings.Join(policies.Names(), ", "))}
	}
	if !info.IsDir() {
		s, err := readSubject(strings.TrimSuffix(strings.TrimSuffix(path, policySuffix), ".test"))
		if err != nil {
			return nil, []error{err}
		}
		return []subject{s}, nil
	}
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, testsSuffix) {
			return err
		}
		s, err := readSubject(strings.TrimSuffix(file, testsSuffix))
		if err != nil {
			problems = append(problems, err)
			return nil
		}
		subjects = append(subjects, s)
		return nil
	})
	if err != nil {
		problems = append(problems, err)
	}
	if len(problems) == 0 && len(subjects) == 0 {
		problems = append(problems, fmt.Errorf("no tests in %s\n  expected  files NAME.test.toml beside NAME.toml", path))
	}
	return subjects, problems
}

// readSubject reads a policy and its tests by what their names begin with.
func readSubject(stem string) (subject, error) {
	var s subject
	for suffix, into := range map[string]*policy.Source{policySuffix: &s.policy, testsSuffix: &s.tests} {
		text, err := readPolicy(stem + suffix)
		switch {
		case errors.Is(err, os.ErrNotExist) && suffix == testsSuffix:
			return s, fmt.Errorf("policy %s has no tests\n  expected  %s", stem+policySuffix, stem+testsSuffix)
		case errors.Is(err, os.ErrNotExist):
			return s, fmt.Errorf("tests %s have no policy\n  expected  %s", stem+testsSuffix, stem+policySuffix)
		case err != nil:
			return s, err
		}
		*into = policy.Source{File: stem + suffix, Text: text}
	}
	return s, nil
}

// test runs the tests of one policy and prints what failed.
func (t *tester) test(s subject, out streams) {
	tests, err := policy.ParseTests(s.tests.File, s.tests.Text)
	if err == nil && len(policy.DeclaredParameters(s.policy, &library{})) == 0 {
		// A policy that is not valid is told once, not case by case.
		_, err = policy.Resolve(s.policy, policy.Options{Library: &library{}})
	}
	if err != nil {
		explain(out.stderr, nil, err)
		t.broken++
		return
	}
	failures := tests.Run(func(params map[string]string) (*policy.Policy, error) {
		return policy.Resolve(s.policy, policy.Options{Library: &library{}, Parameters: params})
	})
	t.policies++
	t.cases += len(tests.Cases)
	t.failed += len(failures)
	if len(failures) > 0 {
		_ = failures.Render(out.stdout)
		fmt.Fprintln(out.stdout)
	}
}
