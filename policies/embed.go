// Package policies holds the policies that ship with confine. Each is a TOML
// file of this directory, named after the policy that it holds.
package policies

import (
	"embed"
	"strings"
)

//go:embed *.toml
var files embed.FS

// Names gives the names of the embedded policies, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // an embedded directory is always there
	}
	var names []string
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".toml")
		// NAME.test.toml holds the tests of a policy.
		if ok && !strings.HasSuffix(name, ".test") {
			names = append(names, name)
		}
	}
	return names
}

// Source gives the text of an embedded policy and the file name under which
// diagnostics show it. ok is false if there is no policy of that name.
func Source(name string) (file string, src []byte, ok bool) {
	for _, known := range Names() {
		if known != name {
			continue
		}
		src, err := files.ReadFile(name + ".toml")
		return name + ".toml", src, err == nil
	}
	return "", nil, false
}
