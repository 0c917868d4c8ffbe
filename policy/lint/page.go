package lint

import (
	"fmt"
	"strings"
)

// Page is the documentation of a rule, in Markdown.
func (r *Rule) Page() string {
	var b strings.Builder
	fix := ""
	if r.Bad.Fixed != "" {
		fix = " `--fix` cures it."
	}
	fmt.Fprintf(&b, "# %s: %s\n\n%s, %s.%s\n\n%s\n\n", r.Code, r.Title, r.Severity, r.Group(), fix, strings.TrimSpace(r.Why))
	if r.Bad.Policy != "" {
		fmt.Fprintf(&b, "## Found in\n\n```toml fragment\n%s\n```\n\n", strings.TrimSpace(r.Bad.Policy))
	}
	fmt.Fprintf(&b, "## Instead\n\n%s\n", strings.TrimSpace(r.Instead))
	if r.Good.Policy != "" {
		fmt.Fprintf(&b, "\n```toml fragment\n%s\n```\n", strings.TrimSpace(r.Good.Policy))
	}
	if r.Good.Tests != "" {
		fmt.Fprintf(&b, "\nwith these tests beside it:\n\n```toml cases\n%s\n```\n", strings.TrimSpace(r.Good.Tests))
	}
	if r.EachPolicy {
		b.WriteString("\nEvery policy answers for itself: that a base may do it settles nothing for who extends the base.\n")
	}
	if r != &invalidFile {
		fmt.Fprintf(&b, "\n## To allow it\n\nOn the line, or on a line of its own above:\n\n    # confine: allow %s until 2027-06-30 -- why this is right here\n", r.Code)
	}
	return b.String()
}
