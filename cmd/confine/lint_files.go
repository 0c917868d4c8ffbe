package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"confine/policies"
	"confine/policy"
	"confine/policy/lint"
)

// settingsName is the file that says how the policies of a repository are linted.
const settingsName = "confine.toml"

// foundSettings are settings, and the directory that the paths in them begin at.
type foundSettings struct {
	*policy.Settings
	directory string
}

// findSettings reads the file that was named, or the nearest confine.toml from the current
// directory up to the root of its repository; none is no error.
func findSettings(file string) (foundSettings, error) {
	directory, err := os.Getwd()
	if err != nil {
		return foundSettings{}, fmt.Errorf("find %s: %w", settingsName, err)
	}
	if file == "" {
		if file, directory, err = nearestSettings(directory); err != nil || file == "" {
			return foundSettings{directory: directory}, err
		}
	} else if directory, err = filepath.Abs(filepath.Dir(file)); err != nil {
		return foundSettings{}, fmt.Errorf("find %s: %w", file, err)
	}
	text, err := readRegular("settings", file, policy.MaxSource+1)
	if err != nil {
		return foundSettings{}, err
	}
	settings, err := policy.ParseSettings(file, text)
	return foundSettings{settings, directory}, err
}

// nearestSettings looks in a directory and those above it. Without a file, directory is the
// one that was given.
func nearestSettings(from string) (file, directory string, err error) {
	for up := from; ; up = filepath.Dir(up) {
		name := filepath.Join(up, settingsName)
		switch _, err := os.Stat(name); {
		case err == nil:
			if shown, err := filepath.Rel(from, name); err == nil {
				name = shown
			}
			return name, up, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", "", fmt.Errorf("find %s: %w", settingsName, err)
		}
		if _, err := os.Stat(filepath.Join(up, ".git")); err == nil || filepath.Dir(up) == up {
			return "", from, nil
		}
	}
}

// relative gives a path as the settings name it.
func (f foundSettings) relative(file string) string {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	shown, err := filepath.Rel(f.directory, absolute)
	if err != nil {
		return filepath.ToSlash(absolute)
	}
	return filepath.ToSlash(shown)
}

// policySearch gathers the policies that paths stand for, each once.
type policySearch struct {
	settings   foundSettings
	targets    []lint.Target
	passedOver []string
	// excluded are what the settings leave out.
	excluded []string
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
		path = strings.TrimSuffix(strings.TrimSuffix(path, policySuffix), ".test") + policySuffix
		return p.file(path)
	}
	found := false
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case file != path && lint.Excludes(p.settings.Settings, p.settings.relative(file)):
			if entry.IsDir() {
				p.excluded = append(p.excluded, file)
				return fs.SkipDir
			}
			if strings.HasSuffix(file, policySuffix) {
				p.excluded = append(p.excluded, file)
			}
			return nil
		case entry.IsDir() && file != path && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir(), !strings.HasSuffix(file, policySuffix), entry.Name() == settingsName:
			return nil
		case strings.HasSuffix(file, testsSuffix):
			return withPolicy(file)
		}
		text, err := readPolicy(file)
		if err != nil {
			return err
		}
		if !policy.LooksLikePolicy(text) {
			p.passedOver = append(p.passedOver, file)
			return nil
		}
		found = true
		return p.file(file)
	})
	if err != nil {
		return fmt.Errorf("search %s: %w", path, err)
	}
	if !found {
		return fmt.Errorf("no policy in %s\n  expected  files NAME.toml with schema = %d", path, policy.SchemaVersion)
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

// file adds a policy and its tests.
func (p *policySearch) file(file string) error {
	text, err := readPolicy(file)
	if err != nil {
		return err
	}
	t := lint.Target{Source: policy.Source{File: file, Text: text}, Relative: p.settings.relative(file)}
	tests := strings.TrimSuffix(file, policySuffix) + testsSuffix
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
