//go:build linux

package stage

import (
	"strings"

	"confine/compiler"
)

// entryOf finds the entry that decides about a path: the nearest at or above it.
func entryOf(paths []compiler.PathExpectation, path string) (nearest compiler.PathExpectation, ok bool) {
	for _, p := range paths {
		if (path == p.Path || strings.HasPrefix(path, p.Path+"/")) && len(p.Path) > len(nearest.Path) {
			nearest, ok = p, true
		}
	}
	return nearest, ok
}
