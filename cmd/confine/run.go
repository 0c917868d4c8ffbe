//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"confine/compiler"
	"confine/policy"
	"confine/runner"
)

const runHelp = `usage: confine run --policy POLICY [flags] -- COMMAND [ARGUMENT...]

launches COMMAND under a policy. Before anything of it runs, the sandbox is proven
from inside and from outside; where that fails, nothing runs and the exit code is 125

examples:
  # a connector, as a root caller
  confine run --policy source-declarative-manifest --user confine-connector -- \
      source-declarative-manifest spec

  # with the evidence of what was proven
  confine run --policy my.toml --receipt receipt.json -- python main.py check --config c.json

  # with what it tried to reach, and what became of it
  confine run --policy my.toml --egress-log egress.jsonl -- python main.py check --config c.json

  # with a parameter of the policy from the connector's configuration
  confine run --policy my.toml --params-from config.json:/credentials -- python main.py spec

  # an image's entry point, to which the platform appends its words
  AIRBYTE_ENTRYPOINT="confine run --policy my.toml -- python /airbyte/integration_code/main.py"

exit codes:
  the command's own; 128+n when signal n ended it
  124  wall time exceeded
  125  refused: policy invalid, backend unusable or attestation failed; nothing ran
  126  command cannot be executed inside the sandbox
  127  command not found inside the sandbox
`

func runCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	// The program's own flags are none of ours.
	flags.SetInterspersed(false)
	name := flags.String("policy", "", "policy `file`, or the name of one of confine's own")
	backend := flags.String("backend", runner.BackendAuto, "`name` of what confines: gvisor, firejail, native, auto, or none (no sandbox, for debugging)")
	shared := flags.Bool("no-namespaces", false, "make no namespaces, as where none can be made, to see what holds in a container (native only)")
	root := flags.String("root", "", "`directory` that is the program's root file system, such as an unpacked image; the policy sets process.directory (gvisor only)")
	user := flags.String("user", "", "`name` or id of the user that runs the program (default: the policy's, or the caller)")
	egressLog := flags.String("egress-log", "", "append what the program tries to reach to this `file`, as lines of JSON (mode \"egress\")")
	receipt := flags.String("receipt", "", "write what was proven to this `file` as JSON, mode 0600")
	var params parameterFlags
	params.add(flags)
	quiet := flags.Bool("quiet", false, "say nothing about a launch that was proven")
	if code, ok := parseFlags(flags, args, s, runHelp, runner.ExitRefused); !ok {
		return code
	}
	if *name == "" {
		fmt.Fprint(s.stderr, "confine: refused, nothing ran: no policy was given\n"+
			"  instead   --policy source-declarative-manifest\n")
		return runner.ExitRefused
	}
	p, err := loadPolicy(*name, &params)
	if err != nil {
		return refused(s, nil, err)
	}
	code, err := runner.Run(runner.Options{
		Version: version, Policy: p.Policy, PolicyFiles: p.files, Backend: *backend, User: *user, Receipt: *receipt, EgressLog: *egressLog, Root: *root, NoNamespaces: *shared,
		Program: flags.Args(), Environment: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Log: s.stderr, Quiet: *quiet,
	})
	switch {
	case err != nil && code == runner.ExitRefused:
		return refused(s, p.Policy, err)
	case err != nil:
		explain(s.stderr, p.Policy, err)
	}
	return code
}

// refused prints an error, and that nothing ran where the error itself, being
// about the policy's text, does not say so.
func refused(s streams, p *policy.Policy, err error) int {
	var refusal *runner.Refusal
	var diagnostics policy.Diagnostics
	var refusals compiler.Refusals
	switch {
	case errors.As(err, &refusal):
		explain(s.stderr, p, err)
	case errors.As(err, &diagnostics):
		explain(s.stderr, p, err)
		fmt.Fprintln(s.stderr, "\nconfine: refused, nothing ran: the policy is not valid")
	case errors.As(err, &refusals):
		explain(s.stderr, p, err)
		fmt.Fprintln(s.stderr, "\nconfine: refused, nothing ran: the backend cannot enforce the policy")
	default:
		fmt.Fprintf(s.stderr, "confine: refused, nothing ran: %v\n", err)
	}
	return runner.ExitRefused
}
