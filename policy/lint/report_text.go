package lint

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Text writes a report for people.
func (r *Report) Text(w io.Writer) error {
	out := bufio.NewWriter(w)
	files := map[string]bool{}
	for _, f := range r.Shown() {
		files[f.At.File] = true
		d := f.Diagnostic
		d.Message += " [" + f.Rule.Code + "]"
		fmt.Fprintln(out, d.String())
	}
	fmt.Fprintln(out, r.summary(len(files)))
	return out.Flush()
}

// summary is the last line.
func (r *Report) summary(files int) string {
	c := r.Counts()
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{{c.Errors, "error", "errors"}, {c.Warnings, "warning", "warnings"}, {c.Infos, "info", "infos"}} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 "+p.one)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.many))
		}
	}
	policies := fmt.Sprintf("%d policies", r.Policies)
	if r.Policies == 1 {
		policies = "1 policy"
	}
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
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{len(r.PassedOver), "other TOML file passed over", "other TOML files passed over"},
		{len(r.Excluded), "path excluded by the settings", "paths excluded by the settings"},
	} {
		switch {
		case p.n == 1:
			line += "; 1 " + p.one
		case p.n > 1:
			line += fmt.Sprintf("; %d %s", p.n, p.many)
		}
	}
	return line
}
