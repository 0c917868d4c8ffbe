package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// roff is a manual page in the macros of man(7), as groff and mandoc read them.
type roff struct {
	b strings.Builder
}

// newRoff begins a page: its name, and what it is about in a line. Lines are not hyphenated
// and not stretched: an option or a path that is torn apart cannot be searched for.
func newRoff(name, summary string) *roff {
	p := &roff{}
	p.macro("TH", strings.ToUpper(name), "1", "", "confine", "confine manual")
	p.macro("nh")
	p.macro("ad", "l")
	p.section("NAME")
	p.line(roffText(name) + ` \- ` + roffText(summary))
	return p
}

func (p *roff) String() string { return p.b.String() }

// macro writes a request with its arguments.
func (p *roff) macro(name string, arguments ...string) {
	p.b.WriteString("." + name)
	for _, a := range arguments {
		if a = roffText(a); a == "" || strings.Contains(a, " ") {
			a = `"` + a + `"`
		}
		p.b.WriteString(" " + a)
	}
	p.b.WriteString("\n")
}

// line writes what is roff already. No line of text can be taken for a request.
func (p *roff) line(text string) {
	if strings.HasPrefix(text, ".") {
		p.b.WriteString(`\&`)
	}
	p.b.WriteString(text + "\n")
}

func (p *roff) section(title string) { p.macro("SH", title) }

// paragraph writes text that is filled; line feeds in it are spaces.
func (p *roff) paragraph(text string) {
	p.macro("PP")
	p.line(roffText(strings.ReplaceAll(text, "\n", " ")))
}

// Columns of a page: those of a terminal, and those that man indents text by.
const (
	pageWidth  = 100
	pageIndent = 7
)

// literal writes lines as they are. Where they would not fit, they begin further left.
func (p *roff) literal(lines []string) {
	widest := 0
	for _, line := range lines {
		widest = max(widest, len(line))
	}
	indent := max(min(pageIndent, pageWidth-widest), 0)
	p.macro("PP")
	if indent < pageIndent {
		p.macro("in", fmt.Sprintf("%dn", indent))
	}
	p.macro("EX")
	for _, line := range lines {
		p.line(roffText(line))
	}
	p.macro("EE")
	p.macro("nh") // which the end of an example resets
}

// term writes a word, which is roff already, and beside it what is said of it.
func (p *roff) term(word, text string) {
	p.macro("TP")
	p.line(word)
	p.line(roffText(text))
}

// items writes the rows of a table.
func (p *roff) items(lines []string) {
	for _, item := range helpItems(lines) {
		if item.word == "" {
			p.paragraph(item.text)
			continue
		}
		p.term(`\fB`+roffText(item.word)+`\fR`, item.text)
	}
}

// metavariable is a word that stands for what a person puts in its place.
var metavariable = regexp.MustCompile(`\b[A-Z][A-Z_]+\b`)

// usage writes one way to call a command.
func (p *roff) usage(name, way string) {
	called := strings.TrimSuffix("confine "+name, " ")
	rest := metavariable.ReplaceAllString(roffText(strings.TrimPrefix(way, called)), `\fI$0\fR`)
	p.line(`\fB` + roffText(called) + `\fR` + rest)
}

// option writes a flag.
func (p *roff) option(f *pflag.Flag) {
	value, text := pflag.UnquoteUsage(f)
	word := `\fB\-\-` + roffText(f.Name) + `\fR`
	if f.Shorthand != "" {
		word = `\fB\-` + roffText(f.Shorthand) + `\fR, ` + word
	}
	if f.NoOptDefVal == "" && value != "" {
		word += ` \fI` + roffText(value) + `\fR`
	}
	p.term(word, text+defaultOf(f))
}

// defaultOf says what holds without the flag, where its text does not.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "false", "[]":
		return ""
	case defaultArch():
		// Pages do not depend on the machine that wrote them.
		return " (default: that of this machine)"
	}
	return fmt.Sprintf(" (default %q)", f.DefValue)
}

func (p *roff) helpOption() { p.term(`\fB\-\-help\fR`, helpFlagSummary) }

// seeAlso names the pages of commands; the empty name is confine itself.
func (p *roff) seeAlso(names []string) {
	p.section("SEE ALSO")
	for i, name := range names {
		end := ","
		if i == len(names)-1 {
			end = ""
		}
		p.macro("BR", pageName(name), "(1)"+end)
	}
}

var roffEscapes = strings.NewReplacer(
	`\`, `\(rs`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`,
)

// roffText escapes what roff would take for something else, or print as another character:
// an option is found, and a command line can be copied.
func roffText(text string) string {
	var b strings.Builder
	for _, r := range roffEscapes.Replace(text) {
		if r > '~' {
			fmt.Fprintf(&b, `\[u%04X]`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
