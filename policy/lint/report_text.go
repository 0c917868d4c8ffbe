package lint

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Text writes a report for people.
func (r *Report) Text(w io.Writer) error {
	out := bufio.NewWriter(w)
	files := map[string]bool{}
	for _, d := range r.Doubts {
		fmt.Fprintln(out, d.String())
	}
	for _, f := range r.Shown() {
		files[f.At.File] = true
		d := f.Diagnostic
		d.Message += " [" + f.Rule.Code + "]"
		fmt.Fprintln(out, d.String())
	}
	fmt.Fprintln(out, r.summary(len(files)))
	for _, line := range r.blind() {
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

// summary says in one line what was found.
func (r *Report) summary(files int) string {
	c := r.Counts()
	parts := counted([]amount{{c.Errors, "error", "errors"}, {c.Warnings, "warning", "warnings"}, {c.Infos, "info", "infos"}})
	policies := amount{r.Policies, "policy", "policies"}.String()
	line := "nothing found in " + policies
	if len(parts) > 0 {
		line = strings.Join(parts, ", ") + " in " + policies
		if r.Policies > 1 {
			line = fmt.Sprintf("%s in %d of %s", strings.Join(parts, ", "), files, policies)
		}
	}
	if c.Suppressed > 0 {
		line += fmt.Sprintf("; %d allowed by comments", c.Suppressed)
	}
	return line
}

// blind says what the run did not look at, and why: one line for the settings, one for the
// rules, one for the files; none where there is nothing to say.
func (r *Report) blind() []string {
	var lines []string
	if r.Settings != "" {
		line := "settings       " + slashed(r.Settings)
		if n := len(r.Doubts); n > 0 {
			line += "; " + amount{n, "warning about them", "warnings about them"}.String()
		}
		lines = append(lines, line)
	}
	if len(r.Off)+len(r.OffForPaths) > 0 {
		var parts []string
		if len(r.Off) > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d", len(r.Off), len(all)))
		}
		if len(r.OffForPaths) > 0 {
			parts = append(parts, fmt.Sprintf("%d for some paths", len(r.OffForPaths)))
		}
		lines = append(lines, "rules off      "+strings.Join(parts, ", ")+"; "+amount{len(r.Ignored), "finding not shown", "findings not shown"}.String())
	}
	files := counted([]amount{
		{len(r.PassedOver), "other TOML file", "other TOML files"},
		{len(r.Excluded), "path excluded by the settings", "paths excluded by the settings"},
		{len(r.Links), "link to a directory", "links to directories"},
		{len(r.OtherSettings), "other file of settings", "other files of settings"},
	})
	if len(files) > 0 {
		lines = append(lines, "not looked at  "+strings.Join(files, ", "))
	}
	return lines
}

// amount is a number of things, with the words for one and for several.
type amount struct {
	n         int
	one, many string
}

func (a amount) String() string {
	if a.n == 1 {
		return "1 " + a.one
	}
	return fmt.Sprintf("%d %s", a.n, a.many)
}

// counted gives the amounts that are not zero.
func counted(amounts []amount) []string {
	var out []string
	for _, a := range slices.DeleteFunc(amounts, func(a amount) bool { return a.n == 0 }) {
		out = append(out, a.String())
	}
	return out
}
