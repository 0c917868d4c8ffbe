// Command confine compiles security policies and runs programs under them.
package main

import (
	"fmt"
	"io"
	"os"
	"sort"

	"confine/runner"
)

// version is set by the build.
var version = "dev"

// streams are where a command reads and writes. stdout belongs to the program
// that runs, or to the result that was asked for; all else goes to stderr.
type streams struct {
	stdout, stderr io.Writer
}

// command is one word after confine.
type command struct {
	summary string
	run     func(args []string, s streams) int
}

// commands is filled by init, because help lists it.
var commands map[string]command

func init() {
	commands = map[string]command{
		"run":     {"launch a program under a policy, proven or refused", runCommand},
		"compile": {"write what a backend needs to enforce a policy", compileCommand},
		"doctor":  {"tell which backend works here, and what is missing", doctorCommand},
		"version": {"print the version", versionCommand},
	}
}

func main() {
	if code, ok := runner.Hidden(); ok {
		os.Exit(code)
	}
	os.Exit(dispatch(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

func dispatch(args []string, s streams) int {
	if len(args) == 0 {
		usage(s.stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "--help", "-h":
		usage(s.stdout)
		return 0
	case "--version":
		return versionCommand(nil, s)
	}
	c, ok := commands[args[0]]
	if !ok {
		fmt.Fprintf(s.stderr, "confine: unknown command %q\n", args[0])
		usage(s.stderr)
		return exitUsage
	}
	return c.run(args[1:], s)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "confine turns a TOML security policy into an enforced sandbox, proves at launch\n"+
		"that it is there, and starts a program in it\n\ncommands:\n")
	names := make([]string, 0, len(commands))
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "  confine %-8s %s\n", name, commands[name].summary)
	}
	fmt.Fprint(w, "\nconfine COMMAND --help tells more, with examples\n")
}

func versionCommand(_ []string, s streams) int {
	fmt.Fprintln(s.stdout, "confine", version)
	return 0
}
