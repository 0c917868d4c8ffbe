package policy

import (
	"maps"
	"slices"
	"strings"

	"confine/policy/syscalls"
)

// Patterns of values. They hold for all that is valid and leave the rest to the parser:
// they have to mean the same to the regular expressions of every editor.
const (
	// component is one of a path: no wildcard, and neither "." nor "..".
	component     = `(?:[^/*?\[.][^/*?\[]*|\.[^/*?\[.][^/*?\[]*|\.\.[^/*?\[]+)`
	pathText      = `^(?:/` + component + `)+$`
	optionalText  = `^(?:/` + component + `)+\??$`
	egressText    = `^(?:\[[0-9A-Fa-f:.]+\]|(?:\*\.)?[A-Za-z0-9_.${}-]+):0*[1-9][0-9]{0,4}$`
	networkText   = `^[0-9A-Fa-f:.]+/[0-9]{1,3}$`
	domainText    = `^(?:\*|[A-Za-z0-9_.-]+)$`
	durationText  = `^\+?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$`
	dateText      = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
	conditionText = `^[ \t]*arg[0-5][ \t]*(?:==|!=|<|>|in|&)`
	notBlankText  = `\S`
)

func choices(values ...string) []Choice {
	out := make([]Choice, len(values))
	for i, v := range values {
		out[i].Value = v
	}
	return out
}

func listOf(entries ...Value) Value { return Value{Kind: ValueList, Entries: entries} }

func aPath() Value {
	return Value{Kind: ValueString, Says: `an absolute path such as "/usr/lib"`, Pattern: pathText}
}

// anOptionalPath may end in "?".
func anOptionalPath() Value {
	return Value{
		Kind: ValueString, Says: `absolute paths; a "?" at the end marks one that may be missing`, Pattern: optionalText,
	}
}

// aSize is one of more than nothing.
func aSize() []Value {
	return []Value{
		{Kind: ValueString, Says: `a size such as "512MiB" (KiB, MiB, GiB, TiB)`, Pattern: sizeText.String()},
		{Kind: ValueInteger, Says: "a number of bytes", Min: 1},
	}
}

func aDuration() Value {
	return Value{Kind: ValueString, Says: `a duration such as "90s", "30m" or "72h"`, Pattern: durationText}
}

func aSyscall() Value {
	names := map[string]bool{}
	for _, arch := range syscalls.Arches() {
		for name := range arch.Calls() {
			names[name] = true
		}
	}
	return Value{
		Kind: ValueString, Says: `a system call of x86_64 or aarch64, such as "ptrace"`, Term: "syscall",
		Choices: choices(slices.Sorted(maps.Keys(names))...),
	}
}

func aClause() Value {
	return Value{
		Kind: ValueString, Says: `a clause such as "filesystem.map" or "rlimits.as"`,
		Choices: choices(ClauseNames()...),
	}
}

// aCapability has two forms: the first is the one that editors offer.
func aCapability() []Value {
	return []Value{
		{Kind: ValueString, Says: `names of capabilities(7), such as "CAP_CHOWN"`, Choices: choices(CapabilityNames()...)},
		{Kind: ValueString, Says: "or without CAP_, in any case", Pattern: anyCase(CapabilityNames())},
	}
}

// anyCase gives a pattern of names in any case, with or without CAP_.
func anyCase(names []string) string {
	fold := func(text string) string {
		var out strings.Builder
		for _, r := range text {
			if r == '_' {
				out.WriteRune(r)
				continue
			}
			out.WriteString("[" + string(r) + strings.ToLower(string(r)) + "]")
		}
		return out.String()
	}
	var alternatives []string
	for _, name := range names {
		alternatives = append(alternatives, fold(strings.TrimPrefix(name, "CAP_")))
	}
	return "^(?:" + fold("CAP_") + ")?(?:" + strings.Join(alternatives, "|") + ")$"
}

// orParameter adds the form that the parser accepts in remove, whatever the list.
func orParameter(values ...Value) []Value {
	return append(values, Value{Kind: ValueString, Says: "or a name with ${NAME} in it", Pattern: `\$\{`})
}
