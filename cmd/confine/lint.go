package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"confine/policy"
	"confine/policy/lint"
)

const lintHelp = `usage: confine lint [PATH...] [flags]

finds what is wrong, risky or without effect in policies: of what they open to the program,
of what the backends enforce, of their tests. Nothing is run. Every rule has a code, and
confine explain CODE tells more

a PATH is a policy, a directory with all below it (default: the current one), or the name of
one of confine's own. Tests, NAME.test.toml, are looked at with the policy NAME.toml. Links
to directories are not followed; the report counts them and all else that is not looked at

--fix takes entries out that have no effect. Every policy of the run then means exactly what
it did, or the file stays as it was; policies elsewhere that extend one are not looked at

a comment on the line, or above it, allows what is found there until a day:
  # confine: allow CF204 until 2027-06-30 -- why this is right here

confine.toml, in the current directory or above it up to the root of the git repository, says
what holds for all; the report names it, and counts the findings that it leaves out:
  [lint]
  ignore  = ["CF902"]          # codes, or what codes begin with; select names the only ones
  exclude = ["vendor"]         # files and directories that a search leaves out
  fail_on = "warning"
  [[lint.path]]
  path   = "policies/legacy"
  ignore = ["CF4"]

examples:
  confine lint policies/
  confine lint source-declarative-manifest
  confine lint policies/ --format github
  confine lint --select CF1,CF2 --fail-on error policies/
  confine lint --fix my.toml

exit codes:
  0  nothing was found that is as severe as --fail-on
  1  something was
  2  something could not be read
`

func lintCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("lint", pflag.ContinueOnError)
	var o lintOptions
	flags.StringVar(&o.format, "format", "text", "`form` of the report: text, json, sarif or github")
	flags.StringVar(&o.failOn, "fail-on", "", "the least `severity` that fails: error, warning, info or never (default: warning)")
	flags.StringSliceVar(&o.selected, "select", nil, "only rules whose `codes` begin so")
	flags.StringSliceVar(&o.ignored, "ignore", nil, "no rules whose `codes` begin so")
	flags.StringVar(&o.settings, "config", "", "`file` of settings in place of confine.toml")
	flags.BoolVar(&o.fix, "fix", false, "take entries without effect out, where all these policies then mean exactly the same")
	if code, ok := parseFlags(flags, args, s, lintHelp, exitUsage); !ok {
		return code
	}
	code, err := o.run(flags.Args(), s)
	if err != nil {
		explain(s.stderr, nil, err)
		return exitUsage
	}
	return code
}

// lintOptions are the flags of the command.
type lintOptions struct {
	format, failOn, settings string
	selected, ignored        []string
	fix                      bool
}

// run gives the exit code of a run that did its work; the error is that it could not.
func (o lintOptions) run(paths []string, s streams) (int, error) {
	write, ok := map[string]func(*lint.Report, io.Writer) error{
		"text": (*lint.Report).Text, "json": (*lint.Report).JSON, "sarif": (*lint.Report).SARIF, "github": (*lint.Report).GitHub,
	}[o.format]
	if !ok {
		return 0, fmt.Errorf("unknown format %q: expected text, json, sarif or github", o.format)
	}
	for _, code := range append(o.selected[:len(o.selected):len(o.selected)], o.ignored...) {
		if err := lint.CheckCode(code); err != nil {
			return 0, err
		}
	}
	found, err := findSettings(o.settings)
	if err != nil {
		return 0, err
	}
	config, err := lint.Configure(found.Settings)
	if err != nil {
		return 0, err
	}
	bar, err := lint.ParseSeverity(o.bar(found.Settings))
	if err != nil {
		return 0, err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	search := policySearch{settings: found}
	for _, path := range paths {
		if err := search.add(path); err != nil {
			return 0, err
		}
	}
	config = config.With(o.selected, o.ignored)
	if t, ok := config.Unasked(search.targets); ok {
		return 0, fmt.Errorf("no rule is left for %s: all of them are ignored, or not selected", t.Source.File)
	}
	report := &lint.Report{Policies: len(search.targets), Search: search.beside, Doubts: found.doubts(search.targets), Version: version}
	if found.Settings != nil {
		report.Settings = found.File
	}
	report.Off, report.OffForPaths = config.Off()
	linter := lint.Linter{
		Config:   config,
		Today:    time.Now(), //nolint:forbidigo // this is where the date enters: exceptions end on a day
		Coverage: newLaunches().coverage,
		Memory:   &policy.Memory{},
	}
	if o.fix {
		if err := fixAll(linter, search.targets, s); err != nil {
			return 0, err
		}
	}
	report.Findings, report.Ignored = lint.Asked(lintAll(linter, search.targets))
	if err := write(report, s.stdout); err != nil {
		return 0, fmt.Errorf("write the report: %w", err)
	}
	if report.Fails(bar) {
		return 1, nil
	}
	return 0, nil
}

// bar is the name of the least severity that fails.
func (o lintOptions) bar(settings *policy.Settings) string {
	switch {
	case o.failOn != "":
		return o.failOn
	case settings != nil && settings.FailOn.Text != "":
		return settings.FailOn.Text
	}
	return lint.Warning.String()
}
