package firejail

import (
	"fmt"
	"strings"
)

// maxLine is far below the 8191 bytes at which firejail splits a line and
// parses its tail as a directive of its own (profile.c, fgets).
const maxLine = 4096

// inexpressible says why firejail cannot be given a path, or "".
//
// A profile has no quoting. "#" and control characters cut a path short, which
// silently names the parent; globs are expanded; runs of blanks collapse; the
// rest is rejected by this or by a later version (firejail issues #7183, #7186).
func inexpressible(path string) string {
	const refused = "#\\&!\"<>%^{};,?*[]`$|'"
	for _, r := range path {
		if r < 0x20 || r == 0x7f {
			return fmt.Sprintf("the control character %U ends a path in a firejail profile", r)
		}
		if strings.ContainsRune(refused, r) {
			return fmt.Sprintf("a firejail profile cannot express the character %q", r)
		}
	}
	switch {
	case strings.Contains(path, "  "):
		return "firejail collapses several blanks into one"
	case strings.HasSuffix(path, " "):
		return "firejail drops a trailing blank"
	case strings.Contains(path, ".."):
		return "firejail refuses a path that contains two dots"
	case len(path) > maxLine-len("noblacklist "):
		return fmt.Sprintf("the line would be longer than %d bytes", maxLine)
	}
	return ""
}
