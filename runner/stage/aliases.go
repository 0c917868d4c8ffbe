//go:build linux

package stage

import (
	"path/filepath"
	"strings"

	"confine/compiler"
	"confine/policy"
)

// linksOutside tells which links of the policy lead where it says.
func linksOutside(e compiler.Expectation) map[string]bool {
	links := map[string]bool{}
	for _, link := range e.Aliases {
		found, err := filepath.EvalSymlinks(link.From)
		links[link.From] = err == nil && found == link.To
	}
	return links
}

// checkAliases follows the links of the policy inside: each leads where the policy
// says, unless it lies in what is closed, or leads to it.
func checkAliases(e compiler.Expectation, outside map[string]bool) []Check {
	var checks []Check
	for _, link := range e.Aliases {
		found, err := filepath.EvalSymlinks(link.From)
		if err != nil {
			if !outside[link.From] || !shown(e, link) {
				continue
			}
			found = "nowhere"
		}
		checks = append(checks, equal(policy.ClauseFilesystemLinks, link.From, link.At, link.To, found))
	}
	return checks
}

// shown reports whether the program is to see a link: it leads to what an entry
// shows, and nothing that hides or replaces things holds it.
func shown(e compiler.Expectation, link policy.Link) bool {
	target, ok := entryOf(e.Paths, link.To)
	if !ok || !target.Mode.Visible() {
		return false
	}
	holder, held := entryOf(e.Paths, link.From)
	if !held {
		// The wrapper mounts a sysfs of its own, and closes what has no entry.
		return !strings.HasPrefix(link.From, "/sys/")
	}
	return holder.Mode.Visible() && holder.Mode != policy.ModeTmp
}
