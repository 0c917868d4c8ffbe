//go:build linux

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"confine/policies"
)

func TestCompletionScripts(t *testing.T) {
	files := map[string]string{}
	for shell, name := range map[string]string{"bash": "confine.bash", "zsh": "_confine", "fish": "confine.fish"} {
		script, err := completionScript(shell)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = script
	}
	goldenFiles(t, "completion", files)
	if _, err := completionScript("tcsh"); err == nil || !strings.Contains(err.Error(), "expected  bash, zsh or fish") {
		t.Errorf("tcsh: %v", err)
	}
}

// completion is a command line, and what a shell has to offer for its last word.
type completion struct {
	line    string
	offered []string
	// not are the shells that have a good reason to offer something else.
	not []string
}

var everyPolicy = append(policies.Names(), "a b.toml", "deep", "my.test.toml", "my.toml")

// completions are for the directory that completing makes.
var completions = []completion{
	{line: "confine ru", offered: []string{"run"}},
	{line: "confine co", offered: []string{"compile", "completion"}},
	{line: "confine nosuch "},
	{line: "confine --", offered: []string{"--help", "--version"}},
	{line: "confine help expl", offered: []string{"explain"}},
	{line: "confine man ver", offered: []string{"version"}},
	{line: "confine completion ", offered: []string{"bash", "fish", "zsh"}},
	{line: "confine schema ", offered: []string{"policy", "tests"}},

	{line: "confine run --re", offered: []string{"--receipt"}},
	{line: "confine run --policy my.toml --us", offered: []string{"--user"}},
	{line: "confine lint --fi", offered: []string{"--fix"}},
	// the name of another command as a value changes nothing
	{line: "confine run --policy test --ro", offered: []string{"--root"}},

	{line: "confine run --backend ", offered: []string{"auto", "firejail", "gvisor", "native", "none"}},
	{line: "confine run --backend g", offered: []string{"gvisor"}},
	{line: "confine compile --backend=", offered: []string{"firejail", "gvisor", "native"}},
	{line: "confine compile --arch a", offered: []string{"aarch64"}},
	{line: "confine test --format j", offered: []string{"json", "junit"}},
	{line: "confine test --format=j", offered: []string{"json", "junit"}},
	{line: "confine run --user roo", offered: []string{"root"}},
	{line: "confine run --param "},

	{line: "confine run --policy ", offered: everyPolicy},
	{line: "confine run --policy=my", offered: []string{"my.test.toml", "my.toml"}},
	{line: "confine compile my.t", offered: []string{"my.test.toml", "my.toml"}},
	{line: "confine explain con", offered: []string{"connector"}},
	{line: "confine explain my.toml "},
	{line: "confine diff my.toml deep/b", offered: []string{"deep/below.toml"}, not: []string{"zsh"}}, // zsh offers the last step
	// a file of a revision; for bash a word ends at the colon, the others do not look behind it
	{line: "confine diff main:my.to", offered: []string{"my.toml"}, not: []string{"zsh", "fish"}},
	{line: "confine diff main:my.toml my.to", offered: []string{"my.toml"}},
	{line: "confine diff a b ", not: []string{"zsh"}}, // zsh offers flags where nothing else can stand
	{line: "confine lint a b c d", offered: []string{"deep"}},
	{line: "confine compile -o ", offered: []string{"deep"}},
	{line: "confine run --receipt n", offered: []string{"note.txt"}},

	{line: "confine run --policy my.toml -- demo-", offered: []string{"demo-one", "demo-two"}},
	{line: "confine run --policy my.toml demo-o", offered: []string{"demo-one"}},
	{line: "confine run --policy my.toml -- demo-one n", offered: []string{"note.txt"}},
	{line: "confine run --policy my.toml demo-one --policy n", offered: []string{"note.txt"}},
	{line: "confine compile my.toml --root / -- demo-t", offered: []string{"demo-two"}},
	{line: "confine compile my.toml --root / -- demo-one n", offered: []string{"note.txt"}},
	{line: "confine compile my.toml demo-"},
}

// completing makes the directory that the lines are completed in. Nothing that completes may
// start a program of it.
func completing(t *testing.T) (directory string, environment []string) {
	t.Helper()
	root := t.TempDir()
	directory, bin := filepath.Join(root, "work"), filepath.Join(root, "bin")
	started := filepath.Join(root, "started")
	for _, name := range []string{"my.toml", "my.test.toml", "a b.toml", "note.txt", "deep/below.toml"} {
		put(t, filepath.Join(directory, name), "", 0o600)
	}
	for _, name := range []string{"confine", "demo-one", "demo-two"} {
		put(t, filepath.Join(bin, name), "#!/bin/sh\necho $0 >>"+started+"\n", 0o700)
	}
	t.Cleanup(func() {
		if programs, err := os.ReadFile(started); err == nil {
			t.Errorf("completing started %s", programs)
		}
	})
	return directory, []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + root, "LC_ALL=C.UTF-8", "TERM=dumb"}
}

func put(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// shellIn runs a shell on a script. One that waits forever is ended.
func shellIn(t *testing.T, directory string, environment []string, input string, command ...string) string {
	t.Helper()
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.Skipf("no %s: scripts/setup shells installs it", command[0])
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = directory, environment, strings.NewReader(input)
	var faults strings.Builder
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil || faults.Len() > 0 {
		t.Fatalf("%s: %v: %s%s", command[0], err, faults.String(), out)
	}
	return string(out)
}

// scriptOf writes the script of a shell to a file of this name.
func scriptOf(t *testing.T, shell, name string) string {
	t.Helper()
	script, err := completionScript(shell)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	put(t, file, script, 0o600)
	return file
}

// checkOffered compares without what is the shell's own: the slash behind a directory, the
// flag before its value.
func checkOffered(t *testing.T, line string, offered, expected []string) {
	t.Helper()
	flag := regexp.MustCompile(`^--[a-z-]+=`)
	found := map[string]bool{}
	for _, word := range offered {
		if word = strings.TrimSuffix(flag.ReplaceAllString(word, ""), "/"); word != "" {
			found[word] = true
		}
	}
	for _, word := range expected {
		if !found[word] {
			t.Errorf("%q: %q is not offered, but %q", line, word, offered)
		}
		delete(found, word)
	}
	for word := range found {
		t.Errorf("%q: %q is offered", line, word)
	}
}

// bashWords splits a line as bash does for COMP_WORDS.
func bashWords(line string) []string {
	var words []string
	for _, word := range strings.Split(line, " ") {
		pieces := regexp.MustCompile(`[=:]+|[^=:]+`).FindAllString(word, -1)
		words = append(words, append(pieces, make([]string, max(0, 1-len(pieces)))...)...)
	}
	return words
}

const askBash = `source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_confine
printf '%s\n' "${COMPREPLY[@]}"
`

func TestCompletionBash(t *testing.T) {
	directory, environment := completing(t)
	script := scriptOf(t, "bash", "confine")
	ask := func(program string, words []string) []string {
		command := append([]string{"bash", "--noprofile", "--norc", "-c", program, "bash", script}, words...)
		return strings.Split(strings.TrimSuffix(shellIn(t, directory, environment, "", command...), "\n"), "\n")
	}
	for _, c := range completions {
		if !slices.Contains(c.not, "bash") {
			checkOffered(t, c.line, ask(askBash, bashWords(c.line)), c.offered)
		}
	}

	// where = and : are taken out of COMP_WORDBREAKS, what is offered replaces the whole word
	line := "confine test --format=j"
	if got := ask(askBash, strings.Split(line, " ")); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"--format=json", "--format=junit"}) {
		t.Errorf("%q: %q", line, got)
	}
	line = "confine run --policy=x -- demo-one n"
	for _, name := range []string{"_comp_command_offset", "_command_offset"} {
		offset := name + "() { COMPREPLY=(\"word $1\"); }\n"
		if got := ask(offset+askBash, bashWords(line)); !slices.Equal(got, []string{"word 6"}) {
			t.Errorf("%s is asked for %q", name, got)
		}
	}
}

// askZsh completes lines in a zsh that has a terminal, with _confine from the directory $1.
// For each it prints in one line what was offered.
const askZsh = `emulate -R zsh
zmodload zsh/zpty
zpty shell zsh -f -i

# gives the shell a line, and waits for what only running it prints
tell() {
  local answer
  zpty -w shell "$1; print -r -- do\"ne\""
  zpty -r shell answer '*done*' || exit 1
}
tell "stty -echo; PS1= PS2=; unsetopt prompt_cr prompt_sp beep; unset zle_bracketed_paste; fpath=(${(q)1} \$fpath)"
tell 'autoload -Uz compinit; compinit -D -u'
# compadd gets what is offered, but where it is only asked what would match
tell 'compadd() {
  if [[ "${@[1,(i)(-|--)]}" != *-[OAD]\ * ]]; then
    local -a hits; builtin compadd -O hits "$@"; offered+=($hits)
  fi
  builtin compadd "$@"
}'
tell 'ask() {
  typeset -ga offered=()
  zle complete-word
  BUFFER=
  print -r -- "<${(j:|:)offered}>"
}'
tell 'zle -N ask; bindkey "^I" ask; LISTMAX=-1; unsetopt auto_list'
tell 'compdef "_arguments --zero" demo-two'
while IFS= read -r line; do
  zpty -n -w shell "$line"$'\t'
  zpty -r shell answer '*<*>*' || exit 1
  answer=${${answer##*<}%%>*}
  print -r -- "$answer"
done
`

func TestCompletionZsh(t *testing.T) {
	directory, environment := completing(t)
	script := scriptOf(t, "zsh", "_confine")
	cases := append(slices.DeleteFunc(slices.Clone(completions), func(c completion) bool {
		return slices.Contains(c.not, "zsh")
	}), completion{line: "confine run --policy my.toml -- demo-two --z", offered: []string{"--zero"}},
		completion{line: "confine compile my.toml -- demo-two --z", offered: []string{"--zero"}})
	var lines strings.Builder
	for _, c := range cases {
		lines.WriteString(c.line + "\n")
	}
	out := shellIn(t, directory, environment, lines.String(), "zsh", "-f", "-c", askZsh, "zsh", filepath.Dir(script))
	answers := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(answers) != len(cases) {
		t.Fatalf("%d answers to %d lines: %q", len(answers), len(cases), answers)
	}
	for i, c := range cases {
		offered := strings.Split(strings.ReplaceAll(answers[i], `\ `, " "), "|")
		checkOffered(t, c.line, offered, c.offered)
	}

	// sourced instead, it registers itself
	sourced := "autoload -Uz compinit; compinit -D -u; source $1; print -r -- $_comps[confine]"
	if got := shellIn(t, directory, environment, "", "zsh", "-f", "-c", sourced, "zsh", script); got != "_confine\n" {
		t.Errorf("sourced, confine is completed by %q", got)
	}
}

func TestCompletionFish(t *testing.T) {
	directory, environment := completing(t)
	script := scriptOf(t, "fish", "confine.fish")
	ask := `source $argv[1]
complete -c demo-two -l zero
complete -C $argv[2]
`
	for _, c := range append(slices.Clone(completions),
		completion{line: "confine run --policy my.toml -- demo-two --z", offered: []string{"--zero"}},
		completion{line: "confine compile my.toml -- demo-two --z", offered: []string{"--zero"}}) {
		if slices.Contains(c.not, "fish") {
			continue
		}
		var offered []string
		for _, line := range strings.Split(shellIn(t, directory, environment, "", "fish", "--no-config", "-c", ask, script, c.line), "\n") {
			word, _, _ := strings.Cut(line, "\t")
			offered = append(offered, word)
		}
		checkOffered(t, c.line, offered, c.offered)
	}
}

// Values that help lists are offered. Another wording of one of these flags must not end that.
func TestClosedSets(t *testing.T) {
	all, err := completionModel()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for _, f := range c.flags {
			closed := slices.Contains([]string{"format", "backend", "arch", "fail-on", "seccomp-generator"}, f.name)
			if closed && f.values.kind != oneOf {
				t.Errorf("confine %s --%s: no values are read from %q", c.name, f.name, f.summary)
			}
		}
	}
	for text, expected := range map[string][]string{
		"form of it: text or json":                        {"text", "json"},
		"form of it: text, tap, junit or json":            {"text", "tap", "junit", "json"},
		"what confines: gvisor, auto, or none (no, or x)": {"gvisor", "auto", "none"},
		"who: libseccomp, go (no C), or auto":             {"libseccomp", "go", "auto"},
		"severity: error or never (default: warning)":     {"error", "never"},
		"name of it (default: the policy's, or x)":        nil,
		"name or id of the user":                          nil,
		"file: one that is there, or a new one":           nil,
		"only: text":                                      nil,
	} {
		if got := closedSet(text); !slices.Equal(got, expected) {
			t.Errorf("%q: %q, expected %q", text, got, expected)
		}
	}
}

func TestArgumentsOfUsage(t *testing.T) {
	for usage, expected := range map[string]completed{
		"":                      {},
		" POLICY [flags]":       {arguments: []values{{kind: policyValue, label: "POLICY"}}},
		" [PATH...] [flags]":    {arguments: []values{{kind: policyValue, label: "PATH"}}, repeated: true},
		" POLICY [ACCESS]":      {arguments: []values{{kind: policyValue, label: "POLICY"}, {label: "ACCESS"}}},
		" LETTER":               {arguments: []values{{kind: fileValue, label: "LETTER"}}},
		" [a|b]":                {arguments: []values{{kind: oneOf, words: []string{"a", "b"}, label: "a|b"}}},
		" --policy P -- C":      {program: true},
		" POLICY [-- C [A...]]": {program: true, arguments: []values{{kind: policyValue, label: "POLICY"}}},
	} {
		var c completed
		c.takes(usage)
		if !reflect.DeepEqual(c, expected) {
			t.Errorf("%q: %+v, expected %+v", usage, c, expected)
		}
	}
}
