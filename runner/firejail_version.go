//go:build linux

package runner

import (
	"strings"

	"confine/compiler"
	"confine/compiler/firejail"
)

// firejailVersionProblem says why a version is not accepted, if so.
func firejailVersionProblem(version string) (Problem, bool) {
	v, err := compiler.ParseVersion(version)
	if err != nil {
		// Releases of four numbers, as 0.9.64.4, are all older than the known ones.
		parts := strings.SplitN(version, ".", 4)
		v, err = compiler.ParseVersion(strings.Join(parts[:min(len(parts), 3)], "."))
		if err != nil || !v.Less(firejail.Known[0]) {
			return Problem{
				Message: "this version of firejail was not measured, so nothing is known of what it enforces",
				Found:   "firejail " + version, Expected: "firejail " + knownFirejails(),
			}, true
		}
	}
	refusal, refused := firejail.CheckVersion(v)
	if !refused {
		return Problem{}, false
	}
	p := Problem{Message: refusal.Message, Found: "firejail " + version, Expected: refusal.Expected}
	if refusal.Hint != "" {
		p.Instead = []string{refusal.Hint}
	}
	return p, true
}

func knownFirejails() string {
	return firejailNames(func(firejail.Release) bool { return true })
}

// believingFirejails are those that can be told that they are in a container.
func believingFirejails() string {
	return firejailNames(func(r firejail.Release) bool { return r.ContainerVariable })
}

func firejailNames(wanted func(firejail.Release) bool) string {
	var names []string
	for _, v := range firejail.Known {
		if r, _ := firejail.ReleaseOf(v); wanted(r) {
			names = append(names, v.String())
		}
	}
	return strings.Join(names, ", ")
}

// believesContainer reports whether container=docker in its environment keeps the
// host's firejail from running a program bare where it takes the host for a
// container.
func (f FirejailStatus) believesContainer() bool {
	v, err := compiler.ParseVersion(f.Version)
	if err != nil {
		return false
	}
	release, measured := firejail.ReleaseOf(v)
	return measured && release.ContainerVariable
}
