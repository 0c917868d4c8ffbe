package lint

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"strings"

	"confine/policy"
)

// githubLevels are the workflow commands of GitHub Actions, by severity.
var githubLevels = map[Severity]string{Error: "error", Warning: "warning", Info: "notice"}

// GitHub writes a report as workflow commands of GitHub Actions, which it shows beside the
// lines of a change.
func (r *Report) GitHub(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, d := range r.Doubts {
		fmt.Fprintln(out, githubCommand("warning", "confine lint", d))
	}
	for _, f := range r.Shown() {
		fmt.Fprintln(out, githubCommand(githubLevels[f.Rule.Severity], f.Rule.Code+": "+f.Rule.Title, f.Diagnostic))
	}
	if lines := r.blind(); len(lines) > 0 {
		fmt.Fprintf(out, "::notice title=confine lint::%s\n", githubData(strings.Join(lines, "\n")))
	}
	return out.Flush()
}

// githubCommand is the workflow command for one diagnostic.
func githubCommand(level, title string, d policy.Diagnostic) string {
	lines := append([]string{d.Message}, d.Notes...)
	if d.Hint != "" {
		lines = append(lines, "hint: "+d.Hint)
	}
	if d.Docs != "" {
		lines = append(lines, "docs: "+d.Docs)
	}
	return fmt.Sprintf("::%s file=%s,line=%d,col=%d,endColumn=%d,title=%s::%s", level,
		githubProperty(slashed(d.At.File)), d.At.Line, d.At.Column, d.EndColumn,
		githubProperty(title), githubData(strings.Join(lines, "\n")))
}

// githubData escapes what a command says, as the runner of GitHub Actions takes it apart.
func githubData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// githubProperty escapes the value of a property, in which a comma and a colon end it too.
func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(text))
}

// slashed is a path as repositories have it. Elsewhere than on Windows a backslash is a
// character of a name.
func slashed(file string) string {
	if runtime.GOOS == "windows" {
		file = strings.ReplaceAll(file, `\`, "/")
	}
	return strings.TrimPrefix(file, "./")
}
