//go:build linux

package stage

import (
	"path/filepath"

	"confine/compiler"
)

// checkAliases follows the links of the policy inside: where one is visible, it
// leads where the policy says.
func checkAliases(e compiler.Expectation) []Check {
	var checks []Check
	for _, link := range e.Aliases {
		found, err := filepath.EvalSymlinks(link.From)
		if err != nil {
			continue // closed with the directory that holds it, or leading to what is
		}
		checks = append(checks, equal("filesystem.links", link.From, link.At, link.To, found))
	}
	return checks
}
