//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"confine/compiler"
	"confine/runner"
)

const doctorHelp = `usage: confine doctor [flags]

tells which backend would confine here for this caller, and what is missing

examples:
  confine doctor
  confine doctor --format json

exit codes:
  0  a backend is usable
  1  none is
  2  the command line makes no sense
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
	if *format != "text" && *format != "json" {
		fmt.Fprintf(s.stderr, "confine: unknown format %q: expected text or json\n", *format)
		return exitUsage
	}
	host := runner.ProbeHost()
	report := doctorReport{Host: host, Usable: map[string]bool{}}
	for _, name := range runner.Rank() {
		// Never nil: JSON has a list where there may be one, also when it is empty.
		problems := append([]runner.Problem{}, host.Problems(name)...)
		if name == compiler.GVisor && len(problems) == 0 {
			problems = append(problems, report.Host.TryGVisor()...)
		}
		egress := []runner.Problem{}
		if len(problems) == 0 {
			egress = append(egress, host.EgressProblems(name)...)
		}
		report.Backends = append(report.Backends, backendState{string(name), len(problems) == 0, problems, len(problems)+len(egress) == 0, egress})
		report.Usable[string(name)] = len(problems) == 0
		if report.Auto == "" && len(problems) == 0 {
			report.Auto = string(name)
		}
	}
	host = report.Host
	report.Host.Firejail.Problems = append([]runner.Problem{}, host.Firejail.Problems...)
	report.Host.GVisor.Problems = append([]runner.Problem{}, host.GVisor.Problems...)
	if *format == "json" {
		encoder := json.NewEncoder(s.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			fmt.Fprintf(s.stderr, "confine: %v\n", err)
			return exitUsage
		}
	} else {
		report.text(s)
	}
	if report.Auto == "" {
		return 1
	}
	return 0
}

// doctorReport is what a machine gets; the backends are in the order in which auto
// tries them.
type doctorReport struct {
	Host     runner.Host     `json:"host"`
	Usable   map[string]bool `json:"usable"`
	Backends []backendState  `json:"backends"`
	// Auto is the backend that auto would use for a policy that each of them can
	// enforce; empty is none.
	Auto string `json:"auto"`
}

type backendState struct {
	Backend  string           `json:"backend"`
	Usable   bool             `json:"usable"`
	Problems []runner.Problem `json:"problems"`
	// Egress says whether it can enforce network.mode = "egress" here too, and
	// EgressProblems why not, if that is not for the reasons of Problems.
	Egress         bool             `json:"egress"`
	EgressProblems []runner.Problem `json:"egress_problems"`
}

// tool says what of a backend is there.
func (r doctorReport) tool(backend string) string {
	switch backend {
	case string(compiler.Native):
		return fmt.Sprintf("the kernel alone: Landlock ABI %d; Linux %s", r.Host.Landlock, r.Host.Kernel)
	case string(compiler.GVisor):
		return fmt.Sprintf("runsc %s at %s, %s", r.Host.GVisor.Version, r.Host.GVisor.Path, r.Host.GVisor.Platform)
	}
	return fmt.Sprintf("%s at %s, SUID; Landlock ABI %d; Linux %s",
		r.Host.Firejail.Version, r.Host.Firejail.Path, r.Host.Landlock, r.Host.Kernel)
}

// namespaces says whether a launch by the kernel alone makes any, and what is lost where it
// does not: docs/backends.md.
func (r doctorReport) namespaces(s streams) {
	if r.Host.WardenNamespaces == "" {
		fmt.Fprint(s.stdout, stateRow("", "", "in namespaces of its own"))
		return
	}
	fmt.Fprint(s.stdout, stateRow("", "", "without namespaces of its own, so filesystem.map takes an [[accept]]"))
	printProblem(s, runner.Problem{Found: r.Host.WardenNamespaces, Expected: "user, mount, pid, ipc and network namespaces"})
}

// printProblem prints the lines below that of a problem's message.
func printProblem(s streams, p runner.Problem) {
	for _, row := range []struct {
		label string
		lines []string
	}{
		{"found", strings.Split(p.Found, "\n")}, {"expected", strings.Split(p.Expected, "\n")}, {"instead", p.Instead},
	} {
		for _, line := range row.lines {
			text := strings.TrimLeft(line, " ")
			if text == "" {
				continue
			}
			first := pad("", 20) + pad(row.label, 10) + pad("", len(line)-len(text))
			fmt.Fprint(s.stdout, paragraph(first, text))
			row.label = ""
		}
	}
}

// stateRow is a row of the table of backends, broken where a terminal ends.
func stateRow(backend, usable, why string) string {
	return paragraph(pad(backend, 10)+pad(usable, 8), why)
}

func (r doctorReport) text(s streams) {
	fmt.Fprint(s.stdout, stateRow("backend", "usable", "why"))
	for _, b := range r.Backends {
		if b.Usable {
			fmt.Fprint(s.stdout, stateRow(b.Backend, "yes", r.tool(b.Backend)))
			if b.Backend == string(compiler.Native) {
				r.namespaces(s)
			}
		}
		for i, p := range b.Problems {
			name, usable := b.Backend, "no"
			if i > 0 {
				name, usable = "", ""
			}
			fmt.Fprint(s.stdout, stateRow(name, usable, p.Message))
			printProblem(s, p)
		}
		for _, p := range b.EgressProblems {
			fmt.Fprint(s.stdout, stateRow("", "", `but not for network.mode = "egress": `+p.Message))
			printProblem(s, p)
		}
	}
	fmt.Fprintf(s.stdout, "\nmemory limits (process.memory): %s\n", r.Host.Memory)
	if r.Host.Caller.UID == 0 {
		fmt.Fprint(s.stdout, "\na root caller names the program's user with --user; to make one:\n"+
			"  useradd --system --user-group --no-create-home --shell /usr/sbin/nologin NAME\n")
	}
	if r.Auto == "" {
		fmt.Fprint(s.stdout, "\nauto would refuse\n")
		return
	}
	fmt.Fprintf(s.stdout, "\nauto would use %s\n", r.Auto)
}
