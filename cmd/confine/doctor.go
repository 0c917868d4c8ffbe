//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"confine/runner"
)

const doctorHelp = `usage: confine doctor [flags]

tells which backend would confine here for this caller, and what is missing; the exit
code is 0 if one is usable and 1 if none is

examples:
  confine doctor
  confine doctor --format json
`

func doctorCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("doctor", pflag.ContinueOnError)
	format := flags.String("format", "text", "`form` of the answer: text or json")
	if code, ok := parseFlags(flags, args, s, doctorHelp, exitUsage); !ok {
		return code
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(s.stderr, "confine: doctor takes no arguments, found %q\n", flags.Arg(0))
		return exitUsage
	}
	host := runner.ProbeHost()
	// Never nil: JSON has a list where there may be one, also when it is empty.
	problems := append([]runner.Problem{}, host.FirejailProblems("")...)
	host.Firejail.Problems = append([]runner.Problem{}, host.Firejail.Problems...)
	code := 0
	if len(problems) > 0 {
		code = 1
	}
	switch *format {
	case "json":
		encoder := json.NewEncoder(s.stdout)
		encoder.SetIndent("", "  ")
		report := struct {
			Host     runner.Host      `json:"host"`
			Usable   map[string]bool  `json:"usable"`
			Problems []runner.Problem `json:"problems"`
		}{host, map[string]bool{"firejail": len(problems) == 0}, problems}
		if err := encoder.Encode(report); err != nil {
			fmt.Fprintf(s.stderr, "confine: %v\n", err)
			return exitUsage
		}
	case "text":
		doctorText(s, host, problems)
	default:
		fmt.Fprintf(s.stderr, "confine: unknown format %q: expected text or json\n", *format)
		return exitUsage
	}
	return code
}

func doctorText(s streams, host runner.Host, problems []runner.Problem) {
	row := "%-9s %-7s %s\n"
	fmt.Fprintf(s.stdout, row, "backend", "usable", "why")
	if len(problems) == 0 {
		fmt.Fprintf(s.stdout, row, "firejail", "yes", fmt.Sprintf("%s at %s, SUID; Landlock ABI %d; Linux %s",
			host.Firejail.Version, host.Firejail.Path, host.Landlock, host.Kernel))
	}
	for i, p := range problems {
		backend, usable := "firejail", "no"
		if i > 0 {
			backend, usable = "", ""
		}
		fmt.Fprintf(s.stdout, row, backend, usable, p.Message)
		fmt.Fprintf(s.stdout, row, "", "", "  found     "+p.Found)
		if p.Expected != "" {
			fmt.Fprintf(s.stdout, row, "", "", "  expected  "+p.Expected)
		}
		if len(p.Instead) > 0 {
			fmt.Fprintf(s.stdout, row, "", "", "  instead   "+strings.Join(p.Instead, "\n"+strings.Repeat(" ", 30)))
		}
	}
	if host.Caller.UID == 0 {
		fmt.Fprint(s.stdout, "\na root caller names the program's user with --user; to make one:\n"+
			"  useradd --system --user-group --no-create-home --shell /usr/sbin/nologin NAME\n")
	}
	if len(problems) == 0 {
		fmt.Fprint(s.stdout, "\nauto would use firejail\n")
	} else {
		fmt.Fprint(s.stdout, "\nauto would refuse\n")
	}
}
