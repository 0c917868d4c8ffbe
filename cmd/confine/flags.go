package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"confine/runner"
)

// exitUsage is the code of every command but run for a command line or an input
// that it could not work with.
const exitUsage = 2

// helpFlagSummary says what --help is for, which pflag has in every command without a text.
const helpFlagSummary = "show what it does, with examples"

// description is what a command takes: manual pages and completion are made of it. A command
// whose stdout it is fills it in, and does nothing else.
type description struct {
	help  string
	flags *pflag.FlagSet
}

// Write implements io.Writer, for a command that this system does not have: it says so.
func (*description) Write(data []byte) (int, error) { return len(data), nil }

// describe asks a command for its description. ok is false if this system does not have it.
func describe(c command) (d description, ok bool) {
	c.run(nil, streams{stdout: &d, stderr: io.Discard})
	return d, d.flags != nil
}

// parseFlags reads a command's flags. Where ok is false the command is over, with
// the code: help was asked for, or the command line makes no sense.
func parseFlags(flags *pflag.FlagSet, args []string, s streams, help string, failure int) (code int, ok bool) {
	flags.SortFlags = true
	flags.SetOutput(s.stderr)
	flags.Usage = func() {}
	if d, ok := s.stdout.(*description); ok {
		d.help, d.flags = help, flags
		return 0, false
	}
	err := flags.Parse(args)
	switch {
	case err == nil:
		return 0, true
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(s.stdout, help)
		if flags.HasFlags() {
			fmt.Fprintf(s.stdout, "\nflags:\n%s", flags.FlagUsagesWrapped(100))
		}
		return 0, false
	}
	nothing := ""
	if failure == runner.ExitRefused {
		nothing = "refused, nothing ran: "
	}
	fmt.Fprintf(s.stderr, "confine: %s%v\n  confine %s --help lists the flags\n", nothing, err, flags.Name())
	return failure, false
}
