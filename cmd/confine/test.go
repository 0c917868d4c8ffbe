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

const testHelp = `usage: confine test [PATH...] [flags]

asks policies what their tests expect of them: NAME.test.toml, beside NAME.toml, lists
accesses that the policy must allow or deny. Nothing is run without --live; the answers are
those that every backend has to enforce

a PATH is a policy, its tests, or a directory with all below it (default: the current
one), or the name of one of confine's own

--coverage shows the entries of each policy that no case exercises: if one is dropped, all
cases still pass. Entries of its bases are left to the tests of those, and so is what no
access can show: [process], bounds and fronting of [network], on_deny and accept

--live also tries every access in the real sandbox, and outside as a control, without harm:
a difference is a bug in confine. --network lets it connect to the hosts that a policy allows

examples:
  confine test policies/
  confine test my.toml --coverage
  confine test source-declarative-manifest
  confine test policies/ --format junit > report.xml
  confine test --live --backend gvisor --user confine-connector my.toml

members of the JSON:
  passed     whether the exit code is 0
  policies   policy, tests, error, cases, coverage
  error      why the policy could not be tested; left out if it was
  cases      name, at, passed, failures [access, expected, found, because, at, decided_at];
             a failure without access is that the policy of the case cannot be resolved
  coverage   unexercised [clause, subject, at], unknown; only with --coverage
  at and decided_at are {file, line, column}; decided_at is left out where a default did

exit codes:
  0  every case passed
  1  a case failed, or no case exercises an entry and --fail-uncovered was given, or a sandbox
     does not do what its policy says
  2  something could not be read, or a launch was refused, or nothing of a policy could be tried
`

// suffixes of the files of a policy and of its tests.
const (
	policySuffix = ".toml"
	testsSuffix  = ".test.toml"
)

// exitFailed is the code of test for cases that fail.
const exitFailed = 1

func testCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	format := flags.String("format", "text", "`form` of the results: text, tap, junit or json")
	coverage := flags.Bool("coverage", false, "show the entries that no case exercises")
	failUncovered := flags.Bool("fail-uncovered", false, "exit with 1 if there are any; implies --coverage")
	passUntested := flags.Bool("pass-untested", false, "pass over policies that have no tests")
	var inside liveTest
	inside.add(flags)
	if code, ok := parseFlags(flags, args, s, testHelp, exitUsage); !ok {
		return code
	}
	write, err := testFormat(*format)
	if err == nil {
		err = inside.check(flags)
	}
	if err != nil {
		explain(s.stderr, nil, err)
		return exitUsage
	}
	paths := flags.Args()
	if len(paths) == 0 {
		paths = []string{"."}
	}
	report := testReport{failUncovered: *failUncovered}
	held := map[heldPolicy]bool{}
	for _, path := range paths {
		for _, subject := range findSubjects(path) {
			// A policy and its tests may both be named.
			named := heldPolicy{filepath.Clean(subject.policy.File), subject.policy.Embedded}
			if held[named] {
				continue
			}
			held[named] = true
			if *passUntested && errors.Is(subject.problem, errUntested) {
				report.untested++
				continue
			}
			tested := subject.ask()
			if *coverage || *failUncovered {
				tested.cover()
			}
			report.Policies = append(report.Policies, tested)
		}
	}
	for _, tested := range report.Policies {
		if tested.problem != nil {
			explain(s.stderr, nil, tested.problem)
		}
	}
	if err := write(s.stdout, report.finished()); err != nil {
		explain(s.stderr, nil, fmt.Errorf("write the results: %w", err))
		return exitUsage
	}
	return max(report.exitCode(), inside.run(report.Policies, *format == "text", s))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// subject is a policy and its tests, as a person named them.
type subject struct {
	policy, tests policy.Source
	// problem is why they could not be read.
	problem error
}

// findSubjects gives what a path stands for; what is wrong is a subject too.
func findSubjects(path string) []subject {
	named := subject{policy: policy.Source{File: path}}
	if source, ok := policies.Find(path); ok {
		return []subject{{policy: source, tests: policies.Tests(path)}}
	}
	info, err := os.Stat(path)
	if err != nil {
		named.problem = fmt.Errorf("find the tests: %w\n  expected  a policy, its tests, a directory, or one of confine's own: %s",
			err, strings.Join(policies.Names(), ", "))
		return []subject{named}
	}
	if !info.IsDir() {
		return []subject{readSubject(strings.TrimSuffix(strings.TrimSuffix(path, policySuffix), ".test"))}
	}
	var found []subject
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, testsSuffix) {
			return err
		}
		found = append(found, readSubject(strings.TrimSuffix(file, testsSuffix)))
		return nil
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no tests in %s\n  expected  files NAME.test.toml beside NAME.toml", path)
	}
	if err != nil {
		named.problem = err
		found = append(found, named)
	}
	return found
}

// errUntested is that a policy has no file of tests.
var errUntested = errors.New("has no tests")

// readSubject reads a policy and its tests by what their names begin with.
func readSubject(stem string) subject {
	s := subject{policy: policy.Source{File: stem + policySuffix}, tests: policy.Source{File: stem + testsSuffix}}
	for _, source := range []*policy.Source{&s.policy, &s.tests} {
		text, err := readPolicy(source.File)
		switch {
		case errors.Is(err, os.ErrNotExist) && source == &s.tests:
			err = fmt.Errorf("policy %s %w\n  expected  %s", s.policy.File, errUntested, s.tests.File)
		case errors.Is(err, os.ErrNotExist):
			err = fmt.Errorf("tests %s have no policy\n  expected  %s", s.tests.File, s.policy.File)
		}
		if err != nil {
			s.problem = err
			return s
		}
		source.Text = text
	}
	return s
}

// prepare reads the tests, and gives what resolves the policy with the values of a case.
// A policy that is not valid is told once, not case by case.
func (s subject) prepare() (*policy.Tests, resolver, error) {
	if s.problem != nil {
		return nil, nil, s.problem
	}
	tests, err := policy.ParseTests(s.tests.File, s.tests.Text)
	if err != nil {
		return nil, nil, err
	}
	resolve := s.resolver()
	if len(policy.DeclaredParameters(s.policy, &library{})) == 0 {
		_, err = resolve(nil)
	}
	return tests, resolve, err
}

// resolver gives the policy with values of its parameters.
type resolver func(params map[string]string) (*policy.Policy, error)

// resolver remembers what it gave: most cases have the same values.
func (s subject) resolver() resolver {
	type answer struct {
		policy *policy.Policy
		err    error
	}
	known := map[string]answer{}
	return func(params map[string]string) (*policy.Policy, error) {
		key := fmt.Sprintf("%q", params) // maps are printed in the order of their keys
		a, ok := known[key]
		if !ok {
			a.policy, a.err = policy.Resolve(s.policy, policy.Options{Library: &library{}, Parameters: params})
			known[key] = a
		}
		return a.policy, a.err
	}
}
