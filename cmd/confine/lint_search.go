package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"confine/policies"
	"confine/policy"
	"confine/policy/lint"
)

// policySearch gathers the policies that paths stand for, each once. No file is left out for
// its name alone: what is not looked at is in beside.
type policySearch struct {
	settings foundSettings
	targets  []lint.Target
	beside   lint.Search
	held     map[heldPolicy]bool
}

// heldPolicy names a policy of the search: one of confine's own can be called as a file is.
type heldPolicy struct {
	file     string
	embedded bool
}

// add finds what a path stands for.
func (p *policySearch) add(path string) error {
	if source, ok := policies.Find(path); ok {
		tests := policies.Tests(path)
		p.hold(lint.Target{Source: source, Tests: &tests, Relative: source.File})
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("find policies: %w\n%s", err, expectedPolicy())
	}
	if !info.IsDir() {
		if stem, ok := strings.CutSuffix(path, testsSuffix); ok {
			path = stem + policySuffix
		}
		return p.file(path)
	}
	return p.directory(path)
}

// directory finds what lies below one.
func (p *policySearch) directory(root string) error {
	s := directorySearch{policySearch: p, root: root, tested: map[string]bool{}}
	if err := filepath.WalkDir(root, s.visit); err != nil {
		return fmt.Errorf("search %s: %w", root, err)
	}
	for _, file := range s.tests {
		if !s.tested[file] {
			p.beside.PassedOver = append(p.beside.PassedOver, file)
		}
	}
	for _, list := range []*[]string{&p.beside.PassedOver, &p.beside.Excluded, &p.beside.Links, &p.beside.OtherSettings} {
		slices.Sort(*list)
		*list = slices.Compact(*list) // one directory can lie in another one that is named too
	}
	switch {
	case s.found:
		return nil
	case s.excluding.Text != "":
		return policy.Diagnostics{p.settings.Diagnose(s.excluding.At, "this excludes what there is in "+root,
			[]string{"expected  a policy in a directory that is named"}, "name the file: a policy that is named is looked at")}
	}
	return fmt.Errorf("no policy in %s\n  expected  files NAME.toml with schema = %d", root, policy.SchemaVersion)
}

// directorySearch is the walk through one directory.
type directorySearch struct {
	*policySearch
	root string
	// found says that there is a policy, and excluding is an entry of the settings that left
	// something out.
	found     bool
	excluding policy.Stated
	// tests are the files of tests, and tested those with a policy that is looked at.
	tests  []string
	tested map[string]bool
}

func (s *directorySearch) visit(file string, entry fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	named := strings.EqualFold(filepath.Ext(file), policySuffix)
	if excluding, ok := lint.Excludes(s.settings.Settings, s.settings.relative(file)); ok {
		return s.exclude(file, entry, named, excluding)
	}
	if entry.Type()&fs.ModeSymlink != 0 {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			if file != s.root {
				s.beside.Links = append(s.beside.Links, file)
			}
			return nil
		}
	}
	switch {
	case entry.IsDir() && entry.Name() == ".git" && file != s.root:
		return fs.SkipDir // git keeps no file of a repository under this name
	case entry.IsDir() || !named:
		return nil
	case strings.HasSuffix(file, testsSuffix):
		s.tests = append(s.tests, file)
		return withPolicy(file)
	}
	return s.candidate(file, entry.Name())
}

// exclude counts what the settings leave out, a directory with all below it as one.
func (s *directorySearch) exclude(file string, entry fs.DirEntry, named bool, by policy.Stated) error {
	if entry.IsDir() || named {
		s.beside.Excluded = append(s.beside.Excluded, file)
		s.excluding = by
	}
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// candidate looks at a file that is called as policies are.
func (s *directorySearch) candidate(file, name string) error {
	if s.settings.Settings != nil && s.settings.relative(file) == settingsName {
		return nil
	}
	text, err := readPolicy(file)
	switch {
	case err != nil:
		return err
	case policy.LooksLikePolicy(text):
		s.found = true
		s.tested[testsOf(file)] = true
		return s.file(file)
	case name == settingsName:
		s.beside.OtherSettings = append(s.beside.OtherSettings, file)
	default:
		s.beside.PassedOver = append(s.beside.PassedOver, file)
	}
	return nil
}

// withPolicy refuses tests without a policy: they could be a policy by a name under which
// nobody looks at it.
func withPolicy(tests string) error {
	stem := strings.TrimSuffix(tests, testsSuffix)
	if _, err := os.Stat(stem + policySuffix); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("tests %s have no policy\n  expected  %s", tests, stem+policySuffix)
	}
	return nil
}

// testsOf is the file in which the tests of a policy are.
func testsOf(file string) string {
	if ext := filepath.Ext(file); strings.EqualFold(ext, policySuffix) {
		file = strings.TrimSuffix(file, ext)
	}
	return file + testsSuffix
}

// file adds a policy and its tests.
func (p *policySearch) file(file string) error {
	text, err := readPolicy(file)
	if err != nil {
		return err
	}
	t := lint.Target{Source: policy.Source{File: file, Text: text}, Relative: p.settings.relative(file)}
	tests := testsOf(file)
	switch text, err := readPolicy(tests); {
	case err == nil:
		t.Tests = &policy.Source{File: tests, Text: text}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	p.hold(t)
	return nil
}

func (p *policySearch) hold(t lint.Target) {
	if p.held == nil {
		p.held = map[heldPolicy]bool{}
	}
	if name := (heldPolicy{filepath.Clean(t.Source.File), t.Source.Embedded}); !p.held[name] {
		p.held[name] = true
		p.targets = append(p.targets, t)
	}
}
