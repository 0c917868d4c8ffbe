# bash completion of confine

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
  _confine_add -W 'connector custom-components offline python-connector source-declarative-manifest'
  _confine_files -d
  _confine_files -f -X '!*.toml'
}

# What a command takes: all its flags, those that want a value, and where another command begins.
_confine_command() {
  case $1 in
    compile)
      flags='--arch --backend --backend-version --help --namespaces -o --output --param --params-from --root --seccomp-generator --'
      valued='--arch --backend --backend-version -o --output --param --params-from --root --seccomp-generator'
      program='dashes'
      ;;
    completion)
      flags='--help'
      valued=''
      program=''
      ;;
    diff)
      flags='--deny-loosening --format --help --param --params-from'
      valued='--format --param --params-from'
      program=''
      ;;
    doctor)
      flags='--format --help'
      valued='--format'
      program=''
      ;;
    explain)
      flags='--format --help --param --params-from'
      valued='--format --param --params-from'
      program=''
      ;;
    help)
      flags=''
      valued=''
      program=''
      ;;
    lint)
      flags='--config --fail-on --fix --format --help --ignore --select'
      valued='--config --fail-on --format --ignore --select'
      program=''
      ;;
    man)
      flags='--help -o --output'
      valued='-o --output'
      program=''
      ;;
    run)
      flags='--backend --egress-log --help --no-namespaces --param --params-from --policy --quiet --receipt --root --user --'
      valued='--backend --egress-log --param --params-from --policy --receipt --root --user'
      program='bare'
      ;;
    schema)
      flags='--help'
      valued=''
      program=''
      ;;
    test)
      flags='--backend --coverage --fail-uncovered --format --help --live --network --no-namespaces --pass-untested --user'
      valued='--backend --format --user'
      program=''
      ;;
    version)
      flags='--help'
      valued=''
      program=''
      ;;
  esac
}

# _confine_value 'COMMAND FLAG' offers values of a flag.
_confine_value() {
  case $1 in
    'compile --arch') _confine_add -W 'x86_64 aarch64' ;;
    'compile --backend') _confine_add -W 'firejail gvisor native' ;;
    'compile -o' | 'compile --output') _confine_files -d ;;
    'compile --params-from') _confine_files -f ;;
    'compile --root') _confine_files -d ;;
    'compile --seccomp-generator') _confine_add -W 'libseccomp go auto' ;;
    'diff --format') _confine_add -W 'text json markdown' ;;
    'diff --params-from') _confine_files -f ;;
    'doctor --format') _confine_add -W 'text json' ;;
    'explain --format') _confine_add -W 'text json' ;;
    'explain --params-from') _confine_files -f ;;
    'lint --config') _confine_files -f ;;
    'lint --fail-on') _confine_add -W 'error warning info never' ;;
    'lint --format') _confine_add -W 'text json sarif github' ;;
    'man -o' | 'man --output') _confine_files -d ;;
    'run --backend') _confine_add -W 'gvisor firejail native auto none' ;;
    'run --egress-log') _confine_files -f ;;
    'run --params-from') _confine_files -f ;;
    'run --policy') _confine_policies ;;
    'run --receipt') _confine_files -f ;;
    'run --root') _confine_files -d ;;
    'run --user') _confine_add -u ;;
    'test --backend') _confine_add -W 'gvisor firejail native auto' ;;
    'test --format') _confine_add -W 'text tap junit json' ;;
    'test --user') _confine_add -u ;;
  esac
}

# _confine_argument 'COMMAND N' offers what can be the argument after N others.
_confine_argument() {
  case $1 in
    'compile 0') _confine_policies ;;
    'completion 0') _confine_add -W 'bash zsh fish' ;;
    'diff 0') _confine_policies ;;
    'diff 1') _confine_policies ;;
    'explain 0') _confine_policies ;;
    'help 0') _confine_add -W 'compile completion diff doctor explain lint man run schema test version' ;;
    'lint '*) _confine_policies ;;
    'man 0') _confine_add -W 'compile completion diff doctor explain lint man run schema test version' ;;
    'schema 0') _confine_add -W 'policy tests' ;;
    'test '*) _confine_policies ;;
  esac
}

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
      _confine_add -W 'compile completion diff doctor explain help lint man run schema test version'
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
    word=${cur%%=*}
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
