package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"confine/policies"
	"confine/policy"
	"confine/runner/revision"
)

// foundPolicy is a policy that was named and not resolved yet.
type foundPolicy struct {
	source policy.Source
	// library gives a new one each time: it notes what was read of it.
	library  func() policy.Library
	declared []policy.Parameter
}

// findPolicy gives what OLD or NEW stands for.
func findPolicy(name string) (foundPolicy, error) {
	var found foundPolicy
	var err error
	rev, path, ok := revisionOf(name)
	if _, missing := os.Lstat(name); ok && missing == nil {
		// Whoever can add files could put one in the place of what a CI compares with.
		return foundPolicy{}, fmt.Errorf("%q can be the file of a git revision, and there is a file of that name\n"+
			"  expected  ./%s for the file", name, name)
	}
	if ok {
		found, err = findRevision(rev, path)
	} else {
		lib := &library{}
		found.source, err = lib.root(name)
		found.library = func() policy.Library { return &library{read: slices.Clone(lib.read)} }
	}
	if err != nil {
		return foundPolicy{}, err
	}
	found.declared = policy.DeclaredParameters(found.source, found.library())
	return found, nil
}

// revisionOf takes REV:path apart, at the first colon that does not stand in the braces
// of a revision such as main@{12:00}. What begins as a path does, with a dot and a slash, a
// slash or a drive, is a file.
func revisionOf(name string) (rev, path string, ok bool) {
	drive := len(name) > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/')
	if drive || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || strings.HasPrefix(name, "/") {
		return "", "", false
	}
	depth, colon := 0, -1
	for i, r := range name {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth--
		case r == ':' && depth <= 0 && colon < 0:
			colon = i
		}
	}
	if colon < 0 {
		return "", "", false
	}
	return name[:colon], name[colon+1:], true
}

func findRevision(rev, path string) (foundPolicy, error) {
	tree, err := revision.Open(rev)
	if err != nil {
		return foundPolicy{}, err
	}
	lib := revisionLibrary{tree}
	source, err := lib.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return foundPolicy{}, fmt.Errorf("the revision %q has no file %q\n"+
			"  expected  a path from the top of the repository, or one that begins with ./", rev, path)
	}
	return foundPolicy{source: source, library: func() policy.Library { return lib }}, err
}

// revisionLibrary finds what a policy of a git revision extends: in the same directory of
// that revision, and then among confine's own.
type revisionLibrary struct{ tree *revision.Tree }

func (l revisionLibrary) read(path string) (policy.Source, error) {
	text, err := l.tree.Read(path, policy.MaxSource+1)
	return policy.Source{File: l.tree.Revision + ":" + path, Text: text}, err
}

// Find implements policy.Library.
func (l revisionLibrary) Find(from policy.Source, name string) (policy.Source, bool, error) {
	if !from.Embedded {
		path := strings.TrimPrefix(from.File, l.tree.Revision+":")
		source, err := l.read(path[:strings.LastIndexByte(path, '/')+1] + name + policySuffix)
		if !errors.Is(err, fs.ErrNotExist) {
			return source, err == nil, err
		}
	}
	source, ok := policies.Find(name)
	return source, ok, nil
}

// Names implements policy.Library.
func (l revisionLibrary) Names(policy.Source) []string { return policies.Names() }

// bothValues gives the values of the parameters of two policies.
func bothValues(params *parameterFlags, was, now foundPolicy) (map[string]string, error) {
	if !params.given() {
		return nil, nil
	}
	declared := slices.Clone(now.declared)
	for _, p := range was.declared {
		if !now.declares(p.Name) {
			declared = append(declared, p)
		}
	}
	return params.collect(declared)
}

func (f foundPolicy) declares(name string) bool {
	return slices.ContainsFunc(f.declared, func(p policy.Parameter) bool { return p.Name == name })
}

// resolve reads the policy with the values that are meant for it: all but those that only
// the other one has parameters for.
func (f foundPolicy) resolve(values map[string]string, other foundPolicy) (*policy.Policy, error) {
	own := maps.Clone(values)
	maps.DeleteFunc(own, func(name, _ string) bool { return !f.declares(name) && other.declares(name) })
	return policy.Resolve(f.source, policy.Options{Library: f.library(), Parameters: own, Unbound: true})
}

// comparedWith is one of the two policies that are compared.
type comparedWith struct {
	*policy.Policy
	// bound is the policy with a value for each parameter, for the backends; nil is that
	// none could be found.
	bound *policy.Policy
}

// compared reads the policy, and again with made up values for parameters that have none.
func (f foundPolicy) compared(values map[string]string, other foundPolicy) (comparedWith, error) {
	p, err := f.resolve(values, other)
	if err != nil {
		return comparedWith{}, err
	}
	samples := policy.Samples(p.Params)
	if len(samples) == 0 {
		return comparedWith{p, p}, nil
	}
	maps.Copy(samples, values)
	bound, err := f.resolve(samples, other)
	if err != nil {
		return comparedWith{Policy: p}, nil // two values may name one host
	}
	return comparedWith{p, bound}, nil
}
