package main

import (
	"fmt"
	"strings"

	"confine/policies"
)

// completionBash needs bash 3.2, which macOS has, and nothing of bash-completion; where that is
// there, it completes the program's own command line.
func completionBash(all []completed) string {
	var b strings.Builder
	b.WriteString("# bash completion of confine\n")
	fmt.Fprintf(&b, bashOffers, strings.Join(policies.Names(), " "))

	b.WriteString("\n# What a command takes: all its flags, those that want a value, and where another command begins.\n" +
		"_confine_command() {\n  case $1 in\n")
	for _, c := range all {
		var flags, valued []string
		for _, f := range c.flags {
			for _, written := range f.written() {
				flags = append(flags, written)
				if f.valued {
					valued = append(valued, written)
				}
			}
		}
		program := ""
		switch {
		case c.bare():
			program = "bare"
		case c.program:
			program = "dashes"
		}
		if c.program {
			flags = append(flags, "--")
		}
		fmt.Fprintf(&b, "    %s)\n      flags='%s'\n      valued='%s'\n      program='%s'\n      ;;\n",
			c.name, strings.Join(flags, " "), strings.Join(valued, " "), program)
	}
	b.WriteString("  esac\n}\n")

	b.WriteString("\n# _confine_value 'COMMAND FLAG' offers values of a flag.\n_confine_value() {\n  case $1 in\n")
	for _, c := range all {
		for _, f := range c.flags {
			if offer := bashOffer(f.values); offer != "" {
				var patterns []string
				for _, written := range f.written() {
					patterns = append(patterns, "'"+c.name+" "+written+"'")
				}
				fmt.Fprintf(&b, "    %s) %s ;;\n", strings.Join(patterns, " | "), offer)
			}
		}
	}
	b.WriteString("  esac\n}\n")

	b.WriteString("\n# _confine_argument 'COMMAND N' offers what can be the argument after N others.\n_confine_argument() {\n  case $1 in\n")
	var names []string
	for _, c := range all {
		names = append(names, c.name)
		for i, v := range c.arguments {
			pattern := fmt.Sprintf("'%s %d'", c.name, i)
			if c.repeated && i == len(c.arguments)-1 {
				pattern = fmt.Sprintf("'%s '*", c.name)
			}
			if offer := bashOffer(v); offer != "" {
				fmt.Fprintf(&b, "    %s) %s ;;\n", pattern, offer)
			}
		}
	}
	b.WriteString("  esac\n}\n")
	fmt.Fprintf(&b, bashMain, strings.Join(names, " "))
	return b.String()
}

// bashOffer is the command that offers values, or nothing.
func bashOffer(v values) string {
	switch v.kind {
	case oneOf:
		return "_confine_add -W '" + strings.Join(v.words, " ") + "'"
	case policyValue:
		return "_confine_policies"
	case fileValue:
		return "_confine_files -f"
	case directoryValue:
		return "_confine_files -d"
	case userValue:
		return "_confine_add -u"
	case anyValue:
	}
	return ""
}

const bashOffers = `
# _confine_add OPTION... adds what compgen has for the current word.
_confine_add() {
  local line
  while IFS= read -r line; do
    COMPREPLY+=("$prefix$line")
  done < <(compgen "$@" -- "$cur")
}

_confine_files() {
  # bash 3.2 has no compopt, and it works only while a person completes
  compopt -o filenames 2>/dev/null
  _confine_add "$@"
}

_confine_policies() {
  _confine_add -W '%s'
  _confine_files -d
  _confine_files -f -X '!*.toml'
}
`

const bashMain = `
# _confine_program INDEX completes the command line that begins at a word of COMP_WORDS.
_confine_program() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif (($1 == COMP_CWORD)); then
    _confine_files -c
  else
    _confine_files -f
  fi
}

_confine() {
  local cur prefix='' raw=${COMP_WORDS[COMP_CWORD]} words=() at=() joined='' word i count=0 plain=''
  local flags='' valued='' program=''
  COMPREPLY=()

  # bash splits at = and : too; here a word is what stands between spaces
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((${#words[@]})) && [[ -n $joined || $word =~ ^[=:]+$ ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
      at+=("$i")
    fi
    joined=''
    if [[ $word =~ ^[=:]+$ ]]; then
      joined=yes
    fi
  done
  # what is offered takes the place of the last piece only
  if [[ $raw =~ ^[=:]+$ ]]; then
    raw=''
  fi
  local last=$((${#words[@]} - 1))
  cur=${words[last]}
  if ((last == 0)); then
    if [[ $cur == -* ]]; then
      _confine_add -W '--help --version'
    else
      _confine_add -W '%s'
    fi
    return
  fi

  _confine_command "${words[0]}"
  for ((i = 1; i < last; i++)); do
    word=${words[i]}
    if [[ -n $plain || $word != -* ]]; then
      if [[ $program == bare ]]; then
        _confine_program "${at[i]}"
        return
      fi
      count=$((count + 1))
    elif [[ $word == -- ]]; then
      if [[ -n $program ]]; then
        _confine_program "${at[i + 1]}"
        return
      fi
      plain=yes
    elif [[ " $valued " == *" $word "* ]]; then
      i=$((i + 1))
      if ((i == last)); then
        cur=$raw
        _confine_value "${words[0]} $word"
        return
      fi
    fi
  done

  if [[ -z $plain && $cur == --*=* ]]; then
    word=${cur%%%%=*}
    if [[ $raw == "$cur" ]]; then
      prefix=$word=
      cur=${cur#*=}
    else
      cur=$raw
    fi
    _confine_value "${words[0]} $word"
  elif [[ -z $plain && $cur == -* ]]; then
    _confine_add -W "$flags"
  elif [[ $program == bare ]]; then
    _confine_program "${at[last]}"
  else
    cur=$raw
    _confine_argument "${words[0]} $count"
  fi
}

complete -F _confine confine
`
