// Package policies holds the policies that ship with confine. Each is a TOML
// file of this directory, named after the policy that it holds, and has its tests
// beside it.
package policies

import (
	"embed"
	"strings"

	"confine/policy"
)

//go:embed *.toml
var files embed.FS

// testSuffix is what the name of a file with tests ends in, before ".toml".
const testSuffix = ".test"

// Names gives the names of the embedded policies, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // an embedded directory is always there
	}
	var names []string
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".toml")
		if ok && !strings.HasSuffix(name, testSuffix) {
			names = append(names, name)
		}
	}
	return names
}

// Find gives an embedded policy. ok is false if there is none of that name.
func Find(name string) (source policy.Source, ok bool) {
	for _, known := range Names() {
		if known == name {
			return read(name + ".toml"), true
		}
	}
	return policy.Source{}, false
}

// Tests gives the tests of an embedded policy.
func Tests(name string) policy.Source { return read(name + testSuffix + ".toml") }

func read(file string) policy.Source {
	text, err := files.ReadFile(file)
	if err != nil {
		panic(err) // the name is one of an embedded file
	}
	return policy.Source{File: file, Embedded: true, Text: text}
}

// Library is the library of the embedded policies alone.
type Library struct{}

// Find implements policy.Library.
func (Library) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	source, ok := Find(name)
	return source, ok, nil
}

// Names implements policy.Library.
func (Library) Names(policy.Source) []string { return Names() }
