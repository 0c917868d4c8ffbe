package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// completed is a command as the shells complete it. It is made from the command's own flags
// and usage, so that it cannot say anything else than --help.
type completed struct {
	name, summary string
	flags         []completedFlag
	// arguments are the words that are no flags, in their order.
	arguments []values
	// repeated is that there can be any number of the last one.
	repeated bool
	// program is that another command line follows, behind "--".
	program bool
}

type completedFlag struct {
	name, short, summary string
	// valued is that it wants a value, repeatable that it can be given again.
	valued, repeatable bool
	values             values
}

// values are what can stand in one place: some words, or a kind that the shell knows.
type values struct {
	kind  valueKind
	words []string
	// label is what the help calls them.
	label string
}

type valueKind int

const (
	anyValue    valueKind = iota // nothing can be offered
	oneOf                        // the words
	policyValue                  // the name of one of confine's own policies, or a file
	fileValue
	directoryValue
	userValue
)

// written are the ways to write a flag, less its value.
func (f completedFlag) written() []string {
	if f.short == "" {
		return []string{"--" + f.name}
	}
	return []string{"-" + f.short, "--" + f.name}
}

// completionModel describes the commands that this system has, sorted.
func completionModel() ([]completed, error) {
	var all []completed
	for _, name := range describedCommands() {
		d, _ := describe(commands[name])
		h, err := parseHelp(d.help)
		if err != nil {
			return nil, err
		}
		c := completed{name: name, summary: commands[name].summary}
		// the first way is the common one
		c.takes(strings.TrimPrefix(h.usage[0], "confine "+name))
		d.flags.VisitAll(func(f *pflag.Flag) { c.flags = append(c.flags, completedFlagOf(f)) })
		c.flags = append(c.flags, completedFlag{name: "help", summary: helpFlagSummary})
		slices.SortFunc(c.flags, func(a, b completedFlag) int { return strings.Compare(a.name, b.name) })
		all = append(all, c)
	}
	all = append(all, completed{
		name: "help", summary: "tell more of a command, with examples",
		arguments: []values{argumentValues("COMMAND")},
	})
	slices.SortFunc(all, func(a, b completed) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// bare tells that the first word that is no flag begins the other command line, also without
// "--": all that follows belongs to it.
func (c completed) bare() bool { return c.program && len(c.arguments) == 0 }

// takes reads the words behind the command in its usage. Flags among them are required ones,
// each with its value.
func (c *completed) takes(usage string) {
	usage, _, c.program = strings.Cut(usage, "-- ")
	words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(usage))
	for i, word := range words {
		name, repeated := strings.CutSuffix(word, "...")
		if word == "flags" || strings.HasPrefix(word, "-") || i > 0 && strings.HasPrefix(words[i-1], "--") {
			continue
		}
		c.arguments = append(c.arguments, argumentValues(name))
		c.repeated = repeated
	}
}

// argumentValues tells by how the usage calls an argument what can stand there.
func argumentValues(name string) values {
	v := values{label: name}
	words := strings.Split(name, "|")
	switch {
	case len(words) > 1:
		v.kind, v.words = oneOf, words
	case name == "COMMAND":
		v.kind, v.words = oneOf, describedCommands()
	case name == "POLICY" || name == "PATH" || name == "OLD" || name == "NEW":
		v.kind = policyValue
	case name != "ACCESS" && name != "CODE":
		v.kind = fileValue
	}
	return v
}

func completedFlagOf(f *pflag.Flag) completedFlag {
	label, summary := pflag.UnquoteUsage(f)
	c := completedFlag{name: f.Name, short: f.Shorthand, summary: brief(summary)}
	if f.NoOptDefVal == "" {
		_, c.repeatable = f.Value.(pflag.SliceValue)
		c.valued, c.values = true, flagValues(f.Name, label, summary)
	}
	return c
}

// brief leaves out what a line beside a flag has no room for.
func brief(summary string) string {
	summary, _, _ = strings.Cut(parenthesis.ReplaceAllString(summary, ""), "; ")
	return summary
}

func flagValues(name, label, summary string) values {
	v := values{label: label}
	words := closedSet(summary)
	switch {
	case words != nil:
		v.kind, v.words = oneOf, words
	case name == "policy":
		v.kind = policyValue
	case name == "user":
		v.kind = userValue
	case label == "directory":
		v.kind = directoryValue
	case label == "file" || strings.HasPrefix(label, "FILE:"):
		v.kind = fileValue
	}
	return v
}

var (
	parenthesis = regexp.MustCompile(` ?\([^)]*\)`)
	separator   = regexp.MustCompile(`,? or |, `)
	singleWord  = regexp.MustCompile(`^[a-z0-9_.-]+$`)
)

// closedSet gives the values that a flag's text lists: "what it is: a, b (why) or c". It gives
// nil for any other text.
func closedSet(summary string) []string {
	summary = parenthesis.ReplaceAllString(summary, "")
	colon := strings.LastIndex(summary, ": ")
	if colon < 0 || !strings.Contains(summary[colon:], " or ") {
		return nil
	}
	words := separator.Split(summary[colon+len(": "):], -1)
	if slices.ContainsFunc(words, func(word string) bool { return !singleWord.MatchString(word) }) {
		return nil
	}
	return words
}
