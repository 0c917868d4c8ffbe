package gvisor

import (
	"strings"

	"confine/compiler"
)

// Known are the releases whose behaviour was measured, the oldest first: the date in
// the name of a release, or of a version of the Go module.
var Known = []compiler.Version{{Major: 20260905}}

// noSystrap is the release that Debian 12 has. It hides nothing below a path that a
// bind mounts, has no systrap, takes no limit on CPU time, leaves raw sockets to a
// guest that makes a user namespace, and writes to the host below a read-only root.
var noSystrap = compiler.Version{Major: 20221219}

// CheckVersion says why nothing is compiled for a version, if so.
func CheckVersion(v compiler.Version) (compiler.Refusal, bool) {
	names := make([]string, 0, len(Known))
	for _, known := range Known {
		if v == known {
			return compiler.Refusal{}, false
		}
		names = append(names, known.String())
	}
	r := compiler.Refusal{
		Clause: "backend", Message: "this version of runsc was not measured, so nothing is known of what it enforces",
		Found: "runsc " + v.String(), Expected: "runsc " + strings.Join(names, ", "),
		Hint: "go install " + Module + "/runsc@" + ModuleVersion,
	}
	if !noSystrap.Less(v) {
		r.Message = "this version of runsc does not enforce limits on CPU time and leaves raw sockets open"
	}
	return r, true
}

// Module is the Go module that runsc is built from, and ModuleVersion the version of
// it that is known: its branch "go" has no tags.
const (
	Module        = "gvisor.dev/gvisor"
	ModuleVersion = "v0.0.0-20260905035102-160fafc42237"
)
