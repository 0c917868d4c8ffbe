//go:build linux

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// text writes the parts as they were read.
func (h helpText) text() string {
	indent := func(lines []string) string {
		var b strings.Builder
		for _, line := range lines {
			if line != "" {
				b.WriteString(textIndent + line)
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	var b strings.Builder
	b.WriteString(usagePrefix + strings.Join(h.usage, "\n"+usageIndent) + "\n")
	for _, p := range h.prose {
		b.WriteString("\n" + strings.Join(p.paragraph, "\n") + "\n" + indent(p.lines))
	}
	for _, s := range h.sections {
		b.WriteString("\n" + s.heading + ":\n" + indent(s.lines))
	}
	return b.String()
}

// Each command is asked without running, and its help has what a person looks for there.
func TestHelpOfEveryCommand(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		t.Run(name, func(t *testing.T) {
			d, ok := describe(commands[name])
			if !ok {
				t.Fatal("it ran, and did not say what it takes: parseFlags comes first")
			}
			if d.flags.Name() != name {
				t.Errorf("the flags are those of %q", d.flags.Name())
			}
			h, err := parseHelp(d.help)
			if err != nil {
				t.Fatal(err)
			}
			if got := h.text(); got != d.help {
				t.Errorf("the parts do not make the whole:\n%s\nexpected:\n%s", got, d.help)
			}
			for _, way := range h.usage {
				if way != "confine "+name && !strings.HasPrefix(way, "confine "+name+" ") {
					t.Errorf("usage %q does not begin with confine %s", way, name)
				}
			}
			if len(h.prose) == 0 {
				t.Error("it does not say what the command does")
			}
			var headings []string
			for _, s := range h.sections {
				headings = append(headings, s.heading)
			}
			expected := slices.DeleteFunc(slices.Clone(helpHeadings), func(heading string) bool {
				return heading == headingMembers && !slices.Contains(headings, heading)
			})
			if !slices.Equal(headings, expected) {
				t.Errorf("sections %q\nexpected %q", headings, expected)
			}
			for _, item := range helpItems(h.section(headingCodes)) {
				if strings.Trim(item.word, "0123456789") != "" {
					t.Errorf("exit code %q is no number", item.word)
				}
			}
		})
	}
}

func TestParseHelp(t *testing.T) {
	h, err := parseHelp(`usage: confine x FILE
       confine x --all

does a thing
of two lines

a FILE is:
  a name

  or another

examples:
  # first
  confine x a

  confine x b

exit codes:
  those of the program
  0  it is done, and that
     was all
  1  not
`)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"confine x FILE", "confine x --all"}; !slices.Equal(h.usage, want) {
		t.Errorf("usage %q", h.usage)
	}
	if len(h.prose) != 2 || !slices.Equal(h.prose[1].lines, []string{"a name", "", "or another"}) {
		t.Errorf("prose %q", h.prose)
	}
	if got := h.section(headingExamples); !slices.Equal(got, []string{"# first", "confine x a", "", "confine x b"}) {
		t.Errorf("examples %q", got)
	}
	if got := h.section(headingMembers); got != nil {
		t.Errorf("members %q", got)
	}
	want := []helpItem{{"", "those of the program"}, {"0", "it is done, and that was all"}, {"1", "not"}}
	if got := helpItems(h.section(headingCodes)); !slices.Equal(got, want) {
		t.Errorf("exit codes %q", got)
	}
}

func TestParseHelpRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no usage":               "confine x\n\ndoes\n",
		"usage not aligned":      "usage: confine x\n  confine y\n\ndoes\n",
		"nothing but usage":      "usage: confine x\n",
		"no last line feed":      "usage: confine x\n\ndoes",
		"empty line at the end":  "usage: confine x\n\ndoes\n\n",
		"indented by nothing":    "usage: confine x\n\n  does\n",
		"not indented":           "usage: confine x\n\ndoes:\n  this\nthat\n",
		"section not indented":   "usage: confine x\n\ndoes\n\nexamples:\nconfine x\n",
		"section of nothing":     "usage: confine x\n\ndoes\n\nexamples:\n",
		"prose below a section":  "usage: confine x\n\ndoes\n\nexamples:\n  confine x\n\nmore\n",
		"indented after a plain": "usage: confine x\n\ndoes\n\n  this\n",
	} {
		t.Run(name, func(t *testing.T) {
			if h, err := parseHelp(text); err == nil {
				t.Errorf("read as %q", h)
			}
		})
	}
}
