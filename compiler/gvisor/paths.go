package gvisor

import (
	"strings"

	"confine/policy"
)

// within reports whether p is dir or lies below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// covering returns the nearest entry strictly above p, if any.
func covering(entries []policy.PathEntry, p string) (policy.PathEntry, bool) {
	var best policy.PathEntry
	found := false
	for _, e := range entries {
		if strings.HasPrefix(p, e.Path+"/") && len(e.Path) > len(best.Path) {
			best, found = e, true
		}
	}
	return best, found
}
