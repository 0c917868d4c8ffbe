package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/pflag"

	"confine/policy"
)

const diffHelp = `usage: confine diff OLD NEW [flags]

shows what a policy newly allows and newly denies, each with an access to show it. Both are
asked what they decide, with all that they extend: entries that are said otherwise and mean
the same are no difference. What cannot be decided counts as loosened, and so do a hide,
absent or deny that is taken out, a sealed that is, and a "?" that lets what is hidden or
absent be missing at launch

OLD and NEW are files, names of confine's own, or REV:path for a file of a git revision,
which extends policies of the same directory of that revision, or confine's own. The path is
that from the top of the repository, or begins with ./ after the colon; a file whose name has
a colon is written ./NAME

how well each backend enforces the policies is compared too; a parameter without a value gets
one that its declaration allows

examples:
  confine diff main:policies/my.toml policies/my.toml
  confine diff main:policies/my.toml policies/my.toml --deny-loosening
  confine diff connector python-connector --format json
  confine diff HEAD~1:./my.toml HEAD:./my.toml --format markdown

members of the JSON:
  old, new   policy, file, digest
  loosened, tightened, undecided   how many; what is undecided is loosened too
  changes    verdict (loosened, tightened, refuses, compiles, unknown), kinds, backend,
             clause, subject, calls [name, was_at, now_at], was, now, was_at, now_at,
             examples, undecided
  was_at and now_at are {file, line, column}, and left out where no file states it

exit codes:
  0  they were compared
  1  something is loosened, and --deny-loosening was given
  2  one of them could not be read, or is not valid
  3  neither has a key of a policy: there is nothing to compare
`

// The codes of diff: exitLoosened with --deny-loosening, exitNoPolicy for TOML of others.
const (
	exitLoosened = 1
	exitNoPolicy = 3
)

// errNoPolicy is that neither of two files is meant as a policy.
var errNoPolicy = errors.New("neither is a policy: no key of one is in them\n  expected  files with schema = 1")

func diffCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("diff", pflag.ContinueOnError)
	deny := flags.Bool("deny-loosening", false, "exit with 1 if anything is loosened, or not decided")
	format := flags.String("format", "text", "`form` of the answer: text, json or markdown")
	var params parameterFlags
	params.add(flags)
	if code, ok := parseFlags(flags, args, s, diffHelp, exitUsage); !ok {
		return code
	}
	write, err := diffFormat(*format)
	if err == nil && (flags.NArg() != 2 || slices.Contains(flags.Args(), "")) {
		err = fmt.Errorf("expected two policies, OLD and NEW, found %d\n%s\n            or REV:path", flags.NArg(), expectedPolicy())
	}
	if err != nil {
		explain(s.stderr, nil, err)
		return exitUsage
	}
	older, newer, problems := loadBoth(flags.Arg(0), flags.Arg(1), &params)
	if len(problems) > 0 {
		for _, err := range problems {
			explain(s.stderr, nil, err)
		}
		if errors.Is(problems[0], errNoPolicy) {
			return exitNoPolicy
		}
		return exitUsage
	}
	report := diffOf(older, newer)
	if err := write(s.stdout, report); err != nil {
		explain(s.stderr, nil, err)
		return exitUsage
	}
	if *deny && report.Loosened > 0 {
		return exitLoosened
	}
	return 0
}

func diffFormat(name string) (func(io.Writer, diffReport) error, error) {
	switch name {
	case "text":
		return func(w io.Writer, r diffReport) error { return writeAll(w, r.text()) }, nil
	case "markdown":
		return func(w io.Writer, r diffReport) error { return writeAll(w, r.markdown()) }, nil
	case "json":
		return func(w io.Writer, r diffReport) error { return writeJSON(w, r) }, nil
	}
	return nil, fmt.Errorf("unknown format %q: expected text, json or markdown", name)
}

func writeAll(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

// loadBoth resolves the two policies that a person named, and gives everything that is
// wrong with either.
func loadBoth(old, new string, params *parameterFlags) (older, newer comparedWith, problems []error) {
	was, oldErr := findPolicy(old)
	now, newErr := findPolicy(new)
	if problems = present(oldErr, newErr); len(problems) > 0 {
		return older, newer, problems
	}
	if !policy.LooksLikePolicy(was.source.Text) && !policy.LooksLikePolicy(now.source.Text) {
		return older, newer, []error{errNoPolicy}
	}
	values, err := bothValues(params, was, now)
	if err != nil {
		return older, newer, []error{err}
	}
	older, oldErr = was.compared(values, now)
	newer, newErr = now.compared(values, was)
	// What nobody declares is the same mistake for both.
	var unknown *policy.ParameterError
	if errors.As(oldErr, &unknown) && errors.As(newErr, &unknown) {
		oldErr = nil
	}
	return older, newer, present(oldErr, newErr)
}

func present(errs ...error) []error {
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}
