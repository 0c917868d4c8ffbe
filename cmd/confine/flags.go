package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"confine/runner"
)

// exitUsage is the code of every command but run for a command line or an input
// that it could not work with.
const exitUsage = 2

// parseFlags reads a command's flags. Where ok is false the command is over, with
// the code: help was asked for, or the command line makes no sense.
func parseFlags(flags *pflag.FlagSet, args []string, s streams, help string, failure int) (code int, ok bool) {
	flags.SortFlags = true
	flags.SetOutput(s.stderr)
	flags.Usage = func() {}
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
