package main

import (
	"fmt"
	"strings"

	"confine/policies"
)

// completionZsh is for the function _confine of a directory in fpath, and can be sourced too.
func completionZsh(all []completed) string {
	var b strings.Builder
	fmt.Fprintf(&b, zshBegin, strings.Join(policies.Names(), " "))
	for _, c := range all {
		fmt.Fprintf(&b, "    %s\n", shellQuote(strings.ReplaceAll(c.name, ":", `\:`)+":"+c.summary))
	}
	fmt.Fprintf(&b, zshCommand, shellQuote("--help["+zshText(helpFlagSummary)+"]"),
		shellQuote("--version["+zshText(commands["version"].summary)+"]"))
	for _, c := range all {
		fmt.Fprintf(&b, "        %s)\n", c.name)
		options := "-S"
		if c.bare() {
			options += " -A '-*'"
		}
		var specs []string
		for _, f := range c.flags {
			specs = append(specs, zshFlag(f)...)
		}
		for i, v := range c.arguments {
			place := fmt.Sprint(i + 1)
			if c.repeated && i == len(c.arguments)-1 {
				place = "*"
			}
			specs = append(specs, shellQuote(place+":"+zshValues(v)))
		}
		switch {
		case c.bare():
			specs = append(specs, "'*::: :_confine_program'")
		case c.program:
			b.WriteString("          (( ${words[(i)--]} < CURRENT )) && program=('*::: :_confine_program')\n")
			specs = append(specs, "$program")
		}
		fmt.Fprintf(&b, "          _arguments %s \\\n            %s && ret=0\n          ;;\n", options, strings.Join(specs, " \\\n            "))
	}
	b.WriteString(zshEnd)
	return b.String()
}

// zshFlag is a flag as _arguments takes it, once for each way to write it: what follows the
// other way is no value of this one.
func zshFlag(f completedFlag) []string {
	var specs []string
	for _, written := range f.written() {
		spec := written
		switch {
		case f.valued && strings.HasPrefix(written, "--"):
			spec += "="
		case f.valued:
			spec += "+"
		}
		spec += "[" + zshText(f.summary) + "]"
		switch {
		case f.repeatable:
			spec = "*" + spec
		case f.name == "help":
			spec = "(- : *)" + spec
		case len(f.written()) > 1:
			spec = "(" + strings.Join(f.written(), " ") + ")" + spec
		}
		if f.valued {
			spec += ":" + zshValues(f.values)
		}
		specs = append(specs, shellQuote(spec))
	}
	return specs
}

// zshValues is what is said of values, and what offers them.
func zshValues(v values) string {
	action := " "
	switch v.kind {
	case oneOf:
		action = "(" + strings.Join(v.words, " ") + ")"
	case policyValue:
		action = "_confine_policies"
	case fileValue:
		action = "_files"
	case directoryValue:
		action = "_files -/"
	case userValue:
		action = "_users"
	case anyValue:
	}
	return zshText(v.label) + ":" + action
}

// zshText escapes what ends a text for _arguments.
func zshText(text string) string {
	return strings.NewReplacer(`\`, `\\`, ":", `\:`, "[", `\[`, "]", `\]`).Replace(text)
}

// shellQuote makes one word of a text, in zsh as in every shell of its family.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

const zshBegin = `#compdef confine
# zsh completion of confine

_confine_policies() {
  _alternative \
    'policies:policy of confine:(%s)' \
    'files:policy file:_files -g "*.toml"'
}

# The words of another command line, which behind confine is a program to run.
_confine_program() {
  if (( CURRENT == 1 )); then
    _command_names -e
  else
    _normal
  fi
}

_confine() {
  local curcontext=$curcontext state state_descr line ret=1
  local -A opt_args
  local -a subcommands program
  subcommands=(
`

const zshCommand = `  )
  _arguments -C -A '-*' \
    %s \
    %s \
    '1: :->command' \
    '*:: :->arguments' && ret=0
  case $state in
    command)
      _describe -t commands 'command of confine' subcommands && ret=0
      ;;
    arguments)
      curcontext=${curcontext%%:*:*}:confine-$words[1]:
      case $words[1] in
`

const zshEnd = `      esac
      ;;
  esac
  return ret
}

# autoloaded, this file is the function; sourced, it registers it
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _confine "$@"
else
  compdef _confine confine
fi
`
