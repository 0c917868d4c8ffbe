package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
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
		fmt.Fprintf(s.stdout, "%s\nflags:\n%s", help, flags.FlagUsagesWrapped(100))
		return 0, false
	}
	fmt.Fprintf(s.stderr, "confine: %v\n  confine %s --help lists the flags\n", err, flags.Name())
	return failure, false
}
