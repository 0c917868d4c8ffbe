package main

import (
	"fmt"

	"github.com/spf13/pflag"
)

const completionHelp = `usage: confine completion bash|zsh|fish

prints a script that completes the command lines of confine in a shell: commands, flags and
their values, policies and files; behind -- what the shell completes there. The script is
all there is, completing starts no confine

examples:
  # bash, for all users
  confine completion bash > /usr/share/bash-completion/completions/confine

  # zsh, for all users
  confine completion zsh > /usr/local/share/zsh/site-functions/_confine

  # fish, for one user
  confine completion fish > ~/.config/fish/completions/confine.fish

exit codes:
  0  it is printed
  2  the command line makes no sense
`

func completionCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("completion", pflag.ContinueOnError)
	if code, ok := parseFlags(flags, args, s, completionHelp, exitUsage); !ok {
		return code
	}
	if flags.NArg() != 1 {
		fmt.Fprintf(s.stderr, "confine: completion takes one shell, found %d words\n  expected  bash, zsh or fish\n", flags.NArg())
		return exitUsage
	}
	script, err := completionScript(flags.Arg(0))
	if err != nil {
		explain(s.stderr, nil, err)
		return exitUsage
	}
	fmt.Fprint(s.stdout, script)
	return 0
}

func completionScript(shell string) (string, error) {
	write, ok := map[string]func([]completed) string{
		"bash": completionBash, "zsh": completionZsh, "fish": completionFish,
	}[shell]
	if !ok {
		return "", fmt.Errorf("no completion for %q\n  expected  bash, zsh or fish", shell)
	}
	completions, err := completionModel()
	if err != nil {
		return "", err
	}
	return write(completions), nil
}
