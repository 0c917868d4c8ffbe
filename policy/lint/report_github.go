package lint

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// githubLevels are the workflow commands of GitHub Actions, by severity.
var githubLevels = map[Severity]string{Error: "error", Warning: "warning", Info: "notice"}

// GitHub writes a report as workflow commands of GitHub Actions, which it shows beside the
// lines of a change.
func (r *Report) GitHub(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, f := range r.Shown() {
		lines := append([]string{f.Message}, f.Notes...)
		if f.Hint != "" {
			lines = append(lines, "hint: "+f.Hint)
		}
		lines = append(lines, "docs: "+f.Docs)
		fmt.Fprintf(out, "::%s file=%s,line=%d,col=%d,endColumn=%d,title=%s::%s\n", githubLevels[f.Rule.Severity],
			githubProperty(slashed(f.At.File)), f.At.Line, f.At.Column, f.EndColumn,
			githubProperty(f.Rule.Code+": "+f.Rule.Title), githubData(strings.Join(lines, "\n")))
	}
	return out.Flush()
}

// githubData escapes what a command says, as the runner of GitHub Actions takes it apart.
func githubData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// githubProperty escapes the value of a property, in which a comma and a colon end it too.
func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(text))
}

// slashed is a path as repositories have it.
func slashed(file string) string {
	return strings.TrimPrefix(strings.ReplaceAll(file, `\`, "/"), "./")
}
