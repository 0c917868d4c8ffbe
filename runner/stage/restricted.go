//go:build linux

package stage

import (
	"fmt"

	"confine/compiler"
)

// openBefore tells which directories Landlock has to close: those on the way to
// entries, and what the wrapper leaves of its own.
func openBefore(e compiler.Expectation) []string {
	var open []string
	for _, path := range append(interior(e), e.Residual...) {
		if openable(path) {
			open = append(open, path)
		}
	}
	return open
}

// checkLandlock shows the difference that Landlock made: directories that could
// be listed a moment ago cannot, and the policy's own paths still open.
func checkLandlock(e compiler.Expectation, before []string, controls Controls) []Check {
	c := Check{
		Clause: "filesystem", Subject: "directories that Landlock closes",
		Expected: fmt.Sprintf("0 of %d open", len(before)), Status: Proven,
	}
	open := 0
	for _, path := range before {
		if openable(path) {
			open++
		}
	}
	c.Found = fmt.Sprintf("%d of %d open", open, len(before))
	switch {
	case open > 0:
		c.Status = Failed
	case len(before) == 0:
		c.Status = Unproven
	}
	checks := []Check{c}
	for _, p := range e.Paths {
		if !p.Mode.Visible() || !controls.Paths[p.Path].Openable || !controls.Paths[p.Path].Exists {
			continue
		}
		found := "closed"
		if openable(p.Path) {
			found = "open"
		}
		checks = append(checks, equal(clauseOf(p), p.Path+" under Landlock", p.At, "open", found))
	}
	return append(checks, checkClosedProc(e)...)
}
