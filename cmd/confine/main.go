// Command confine compiles security policies and runs programs under them.
package main

import (
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/spf13/pflag"
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
		"completion": {"print what completes confine's command lines in a shell", completionCommand},
		"man":        {"print the manual pages", manCommand},
		"run":        {"launch a program under a policy, proven or refused", runCommand},
		"compile":    {"write what a backend needs to enforce a policy", compileCommand},
		"diff":       {"show what a policy newly allows and denies", diffCommand},
		"explain":    {"show what a policy means, or why it allows an access or denies it", explainCommand},
		"test":       {"ask policies what their tests expect of them", testCommand},
		"lint":       {"find what is wrong, risky or without effect in policies", lintCommand},
		"doctor":     {"tell which backend works here, and what is missing", doctorCommand},
		"schema":     {"print the JSON Schema of policies or of their tests, for editors", schemaCommand},
		"version":    {"print the version", versionCommand},
	}
}

func main() {
	if code, ok := hidden(); ok {
		os.Exit(code)
	}
	stdout := &result{w: os.Stdout}
	code := dispatch(os.Args[1:], streams{stdout, os.Stderr})
	if stdout.err != nil {
		fmt.Fprintf(os.Stderr, "confine: write the result: %v\n", stdout.err)
		code = max(code, exitUsage)
	}
	os.Exit(code)
}

// result is stdout that remembers its first error: an answer that was lost on the
// way to a full disk is no success.
type result struct {
	w   io.Writer
	err error
}

func (r *result) Write(data []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.w.Write(data)
	r.err = err
	return n, err
}

func dispatch(args []string, s streams) int {
	if len(args) == 0 {
		usage(s.stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "--help", "-h":
		if len(args) > 1 && args[0] == "help" {
			return dispatch([]string{args[1], "--help"}, s)
		}
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

// overview says what confine is for.
const overview = "confine turns a TOML security policy into an enforced sandbox, proves at launch\n" +
	"that it is there, and starts a program in it"

func usage(w io.Writer) {
	fmt.Fprint(w, overview+"\n\ncommands:\n")
	names := make([]string, 0, len(commands))
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "  confine %-10s %s\n", name, commands[name].summary)
	}
	fmt.Fprint(w, "\nconfine COMMAND --help tells more, with examples\n")
}

const versionHelp = `usage: confine version

prints the version that the build stamped, or dev, and the libseccomp that is linked

examples:
  confine version

exit codes:
  0  it is printed
  2  the command line makes no sense
`

func versionCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("version", pflag.ContinueOnError)
	if code, ok := parseFlags(flags, args, s, versionHelp, exitUsage); !ok {
		return code
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(s.stderr, "confine: version takes no arguments, found %q\n", flags.Arg(0))
		return exitUsage
	}
	fmt.Fprintf(s.stdout, "confine %s, %s\n", version, describeGenerator())
	return 0
}
