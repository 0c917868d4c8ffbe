package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

const manHelp = `usage: confine man [COMMAND] [flags]

prints the manual page of confine, or of one of its commands, for man to show: roff with
the macros of man(7). It says what --help says

examples:
  confine man run | man -l -
  confine man -o /usr/local/share/man/man1

exit codes:
  0  it is printed, or all pages are written
  2  there is no such command, or the files cannot be written
`

func manCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("man", pflag.ContinueOnError)
	output := flags.StringP("output", "o", "", "`directory` to write all pages to, as confine.1, confine-run.1 and so on; it is made if missing")
	if code, ok := parseFlags(flags, args, s, manHelp, exitUsage); !ok {
		return code
	}
	var err error
	switch {
	case *output != "" && flags.NArg() > 0:
		err = fmt.Errorf("-o writes all pages, found the command %q too", flags.Arg(0))
	case *output != "":
		err = writePages(*output)
	case flags.NArg() > 1:
		err = fmt.Errorf("man takes one command, found %q", flags.Arg(1))
	default:
		var page string
		if page, err = manPage(flags.Arg(0)); err == nil {
			fmt.Fprint(s.stdout, page)
		}
	}
	if err != nil {
		explain(s.stderr, nil, err)
		return exitUsage
	}
	return 0
}

// writePages writes confine(1) and the pages of all commands that this system has.
func writePages(directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	for _, name := range append([]string{""}, describedCommands()...) {
		page, err := manPage(name)
		if err != nil {
			return err
		}
		file := filepath.Join(directory, pageName(name)+".1")
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			return fmt.Errorf("write the manual pages: %w", err)
		}
	}
	return nil
}

// describedCommands are the names of those that this system has, sorted.
func describedCommands() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(commands)), func(name string) bool {
		_, ok := describe(commands[name])
		return !ok
	})
}

// pageName is the name of the page of a command, or of confine itself if it is empty.
func pageName(command string) string {
	if command == "" {
		return "confine"
	}
	return "confine-" + command
}

// manPage gives the page of a command, or of confine itself if the name is empty. It has no
// date and no version: the same commands give the same bytes.
func manPage(name string) (string, error) {
	if name == "" {
		return mainPage()
	}
	c, ok := commands[name]
	if !ok {
		return "", fmt.Errorf("no command %q\n  expected  %s", name, strings.Join(describedCommands(), ", "))
	}
	d, ok := describe(c)
	if !ok {
		return "", fmt.Errorf("this system has no confine %s", name)
	}
	h, err := parseHelp(d.help)
	if err != nil {
		return "", err
	}
	p := newRoff(pageName(name), c.summary)
	p.section("SYNOPSIS")
	for i, way := range h.usage {
		if i > 0 {
			p.macro("br")
		}
		p.usage(name, way)
	}
	p.section("DESCRIPTION")
	for _, block := range h.prose {
		p.paragraph(strings.Join(block.paragraph, " "))
		if len(block.lines) > 0 {
			p.literal(block.lines)
		}
	}
	p.section("OPTIONS")
	d.flags.VisitAll(p.option)
	p.helpOption()
	for _, s := range h.sections {
		switch s.heading {
		case headingExamples:
			p.section("EXAMPLES")
			p.literal(s.lines)
		case headingMembers:
			p.section("MEMBERS OF THE JSON")
			p.items(s.lines)
		case headingCodes:
			p.section("EXIT STATUS")
			p.items(s.lines)
		}
	}
	p.seeAlso(append([]string{""}, mentioned(name, d.help)...))
	return p.String(), nil
}

// mentioned are the other commands that a help speaks of.
func mentioned(name, help string) []string {
	return slices.DeleteFunc(describedCommands(), func(other string) bool {
		return other == name || !regexp.MustCompile(`\bconfine `+other+`\b`).MatchString(help)
	})
}

func mainPage() (string, error) {
	names := describedCommands()
	p := newRoff(pageName(""), "run untrusted data connectors under policies that are enforced, or refused")
	p.section("SYNOPSIS")
	p.usage("", "confine COMMAND [ARGUMENT...] [flags]")
	p.section("DESCRIPTION")
	p.paragraph(overview)
	p.paragraph("a policy is a TOML file, or the name of one of confine's own; each command has a page of its own")
	p.section("COMMANDS")
	for _, name := range names {
		p.term(`\fB`+roffText("confine "+name)+`\fR`, commands[name].summary)
	}
	p.section("OPTIONS")
	p.helpOption()
	p.term(`\fB\-\-version\fR`, commands["version"].summary)
	p.section("EXAMPLES")
	var examples []string
	for _, name := range names {
		d, _ := describe(commands[name])
		h, err := parseHelp(d.help)
		if err != nil {
			return "", err
		}
		examples = append(examples, firstExample(h.section(headingExamples))...)
	}
	p.literal(examples)
	p.section("EXIT STATUS")
	p.paragraph("that of the command: confine-run(1) gives that of the program, and 125 where it refuses; the others give 2 for a command line or a file that they cannot work with")
	p.seeAlso(names)
	return p.String(), nil
}

// firstExample gives the first command line of examples, without comments.
func firstExample(lines []string) []string {
	for i, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := i
		for strings.HasSuffix(lines[end], `\`) && end+1 < len(lines) {
			end++
		}
		return lines[i : end+1]
	}
	return nil
}
