package main

import (
	"fmt"
	"strings"
)

// helpText is the help of a command in its parts. Every line of it is in one of them.
type helpText struct {
	// usage are the ways to write the command line.
	usage    []string
	prose    []helpBlock
	sections []helpSection
}

// helpSection is what stands below one of helpHeadings.
type helpSection struct {
	heading string
	lines   []string
}

// helpBlock is a paragraph, and the indented lines that belong to it.
type helpBlock struct {
	paragraph, lines []string
}

// The headings that begin a section of their own, in the order that they have in every help.
// Any other line that ends in a colon introduces what is indented below it.
const (
	headingExamples = "examples"
	headingMembers  = "members of the JSON"
	headingCodes    = "exit codes"
)

var helpHeadings = []string{headingExamples, headingMembers, headingCodes}

const (
	usagePrefix = "usage: "
	usageIndent = "       "
	textIndent  = "  "
)

// parseHelp takes the help of a command apart. Its errors are of whoever wrote the text.
func parseHelp(text string) (helpText, error) {
	var h helpText
	usage, rest, _ := strings.Cut(text, "\n\n")
	for i, line := range strings.Split(usage, "\n") {
		prefix := usageIndent
		if i == 0 {
			prefix = usagePrefix
		}
		way, ok := strings.CutPrefix(line, prefix)
		if !ok || strings.HasPrefix(way, " ") {
			return h, fmt.Errorf("help text: line %q does not begin with %q", line, prefix)
		}
		h.usage = append(h.usage, way)
	}
	if !strings.HasSuffix(rest, "\n") || strings.HasSuffix(rest, "\n\n") {
		return h, fmt.Errorf("help text of %q does not end in one line feed", h.usage[0])
	}
	for _, paragraph := range strings.Split(strings.TrimSuffix(rest, "\n"), "\n\n") {
		if err := h.add(strings.Split(paragraph, "\n")); err != nil {
			return h, fmt.Errorf("help text of %q: %w", h.usage[0], err)
		}
	}
	return h, nil
}

// add takes the lines between two empty ones.
func (h *helpText) add(lines []string) error {
	indented := 0
	for indented < len(lines) && !strings.HasPrefix(lines[indented], textIndent) {
		indented++
	}
	paragraph, below := lines[:indented], make([]string, 0, len(lines))
	for _, line := range lines[indented:] {
		line, ok := strings.CutPrefix(line, textIndent)
		if !ok {
			return fmt.Errorf("line %q has to be indented, or stand after an empty line", line)
		}
		below = append(below, line)
	}
	if len(paragraph) == 0 {
		return h.continued(below)
	}
	if heading, ok := strings.CutSuffix(paragraph[0], ":"); ok && isHeading(heading) {
		if len(paragraph) > 1 || len(below) == 0 {
			return fmt.Errorf("what stands below %q has to be indented", paragraph[0])
		}
		h.sections = append(h.sections, helpSection{heading, below})
		return nil
	}
	if len(h.sections) > 0 {
		return fmt.Errorf("%q stands below the section %q", paragraph[0], h.sections[len(h.sections)-1].heading)
	}
	h.prose = append(h.prose, helpBlock{paragraph, below})
	return nil
}

// continued takes indented lines after an empty one: they go on with what was indented before.
func (h *helpText) continued(lines []string) error {
	var last *[]string
	switch {
	case len(h.sections) > 0:
		last = &h.sections[len(h.sections)-1].lines
	case len(h.prose) > 0 && len(h.prose[len(h.prose)-1].lines) > 0:
		last = &h.prose[len(h.prose)-1].lines
	default:
		return fmt.Errorf("nothing introduces the indented line %q", lines[0])
	}
	*last = append(append(*last, ""), lines...)
	return nil
}

func isHeading(text string) bool {
	for _, heading := range helpHeadings {
		if heading == text {
			return true
		}
	}
	return false
}

// section gives the lines of a section, less their indentation; none if there is no such
// section.
func (h helpText) section(heading string) []string {
	for _, s := range h.sections {
		if s.heading == heading {
			return s.lines
		}
	}
	return nil
}

// helpItem is a row of a table: a word, and what is said of it. Of lines that belong to no
// word, the word is empty.
type helpItem struct {
	word, text string
}

// helpItems reads lines of the form "word  text", with what is indented deeper going on with
// the text.
func helpItems(lines []string) []helpItem {
	var items []helpItem
	for _, line := range lines {
		if strings.HasPrefix(line, " ") && len(items) > 0 {
			items[len(items)-1].text += " " + strings.TrimSpace(line)
			continue
		}
		word, text, ok := strings.Cut(line, "  ")
		if !ok {
			word, text = "", line
		}
		items = append(items, helpItem{word, strings.TrimSpace(text)})
	}
	return items
}
