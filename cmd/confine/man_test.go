//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// goldenFiles compares files, by name, with those of a directory of testdata, and refuses one
// there that nothing makes. With -update it writes them.
func goldenFiles(t *testing.T, directory string, files map[string]string) {
	t.Helper()
	directory = filepath.Join("testdata", directory)
	if *update {
		if err := os.RemoveAll(directory); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(directory, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	known, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range known {
		if _, ok := files[entry.Name()]; !ok {
			t.Errorf("%s/%s is of nothing that is made; go test -update removes it", directory, entry.Name())
		}
	}
	for name, text := range files {
		expected, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Errorf("%v; go test -update writes it", err)
			continue
		}
		if text != string(expected) {
			t.Errorf("%s/%s differs in %s; go test -update writes it", directory, name, firstDifference(string(expected), text))
		}
	}
}

func firstDifference(expected, found string) string {
	was, is := strings.Split(expected, "\n"), strings.Split(found, "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			return "line:\nexpected " + was[i] + "\nfound    " + is[i]
		}
	}
	return "its length"
}

func TestManPages(t *testing.T) {
	pages := map[string]string{}
	for _, name := range append([]string{""}, describedCommands()...) {
		page, err := manPage(name)
		if err != nil {
			t.Fatal(err)
		}
		pages[pageName(name)+".1"] = page
	}
	goldenFiles(t, "man", pages)

	directory := filepath.Join(t.TempDir(), "new", "man1")
	if err := writePages(directory); err != nil {
		t.Fatal(err)
	}
	for name, page := range pages {
		written, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil || string(written) != page {
			t.Errorf("%s is not what is printed: %v", name, err)
		}
	}
}

// bold and underlined characters, as a terminal without colours gets them.
var overstrike = regexp.MustCompile(`.\x08`)

// The pages are without faults for groff, and show what the help says.
func TestManPagesRendered(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff: scripts/setup shells installs it")
	}
	for _, name := range append([]string{""}, describedCommands()...) {
		t.Run(pageName(name), func(t *testing.T) {
			page, err := manPage(name)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(groff, "-man", "-Tutf8", "-P-c", "-ww", "-rLL=100n")
			cmd.Stdin = strings.NewReader(page)
			var faults bytes.Buffer
			cmd.Stderr = &faults
			out, err := cmd.Output()
			if err != nil || faults.Len() > 0 {
				t.Fatalf("%v: %s", err, faults.String())
			}
			shown := overstrike.ReplaceAllString(string(out), "")
			for _, line := range strings.Split(shown, "\n") {
				if utf8.RuneCountInString(line) > pageWidth {
					t.Errorf("wider than %d columns: %s", pageWidth, line)
				}
			}
			headings := regexp.MustCompile(`(?m)^[A-Z][A-Z ]+$`).FindAllString(shown, -1)
			expected := []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"}
			switch {
			case name == "":
				expected = slices.Insert(expected, 3, "COMMANDS")
			case strings.Contains(page, "MEMBERS"):
				expected = slices.Insert(expected, 5, "MEMBERS OF THE JSON")
			}
			if !slices.Equal(headings, expected) {
				t.Errorf("sections %q\nexpected %q", headings, expected)
			}
			if name != "" {
				showsHelp(t, shown, name)
			}
		})
	}
}

// showsHelp refuses a page that lacks a word of the help, or has one of its lines of examples
// otherwise than it can be typed.
func showsHelp(t *testing.T, shown, name string) {
	t.Helper()
	d, _ := describe(commands[name])
	words := map[string]bool{}
	for _, word := range strings.Fields(shown) {
		words[word] = true
	}
	headings := regexp.MustCompile(`(?m)^(usage|examples|members of the JSON|exit codes):`)
	for _, word := range strings.Fields(headings.ReplaceAllString(d.help+d.flags.FlagUsages(), "")) {
		// pflag writes a bool and a default in its own way
		word = strings.TrimSuffix(word, "[=true|false]")
		if !words[word] && !strings.Contains(word, defaultArch()) && word != "(default" {
			t.Errorf("the word %q of the help is missing", word)
		}
	}
	h, err := parseHelp(d.help)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range h.section(headingExamples) {
		if !strings.Contains(shown, line+"\n") {
			t.Errorf("the example %q is missing", line)
		}
	}
}

func TestRoff(t *testing.T) {
	for text, expected := range map[string]string{
		"--format=json":      `\-\-format=json`,
		`a\b`:                `a\(rsb`,
		"it's `x` ^ ~ \"y\"": `it\(aqs \(gax\(ga \(ha \(ti \(dqy\(dq`,
		"naïve — 雪":          `na\[u00EF]ve \[u2014] \[u96EA]`,
	} {
		if got := roffText(text); got != expected {
			t.Errorf("%q is %s, expected %s", text, got, expected)
		}
	}
	p := newRoff("x", "y")
	begin := len(p.String())
	p.literal([]string{".toml is no request", "'nor is this", strings.Repeat("x", 98)})
	p.section("TWO WORDS")
	p.items([]string{"0  fine", "   and more", "no word"})
	expected := ".PP\n.in 2n\n.EX\n\\&.toml is no request\n\\(aqnor is this\n" + strings.Repeat("x", 98) +
		"\n.EE\n.nh\n.SH \"TWO WORDS\"\n.TP\n\\fB0\\fR\nfine and more\n.PP\nno word\n"
	if got := p.String()[begin:]; got != expected {
		t.Errorf("%s\nexpected\n%s", got, expected)
	}
}

func TestFirstExample(t *testing.T) {
	lines := []string{"# why", "", `confine run \`, "    a", "", "confine run b"}
	if got := firstExample(lines); !slices.Equal(got, lines[2:4]) {
		t.Errorf("%q", got)
	}
	if got := firstExample([]string{`confine \`}); !slices.Equal(got, []string{`confine \`}) {
		t.Errorf("%q", got)
	}
	if got := firstExample(nil); got != nil {
		t.Errorf("%q", got)
	}
}
