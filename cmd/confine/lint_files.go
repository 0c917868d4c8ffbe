package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
// directory up to the root of its repository; outside of a repository, only that of the
// current directory. None is no error.
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

// nearestSettings looks in a directory and, where that is in a repository, in those above
// it. Without a file, directory is the one that was given.
func nearestSettings(from string) (file, directory string, err error) {
	last := repositoryRoot(from)
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
		if up == last || filepath.Dir(up) == up {
			return "", from, nil
		}
	}
}

// repositoryRoot is the root of the repository that a directory is in, or where it is in
// none the directory: what lies above is somebody else's.
func repositoryRoot(from string) string {
	for up := from; ; up = filepath.Dir(up) {
		if _, err := os.Stat(filepath.Join(up, ".git")); err == nil {
			return up
		}
		if filepath.Dir(up) == up {
			return from
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

// doubts are the entries of the settings that name nothing: they would leave out, or spare,
// something else than was meant.
func (f foundSettings) doubts(targets []lint.Target) policy.Diagnostics {
	if f.Settings == nil {
		return nil
	}
	var out policy.Diagnostics
	tell := func(pattern policy.Stated, message string) {
		if f.names(pattern, targets) {
			return
		}
		d := f.Diagnose(pattern.At, message, []string{"expected  a path from the directory that holds this file"}, "")
		d.Severity = lint.Warning.String()
		out = append(out, d)
	}
	for _, e := range f.Exclude {
		tell(e, "exclude names nothing that exists")
	}
	for _, p := range f.Paths {
		tell(p.Path, "path names nothing that exists")
	}
	return out
}

// names reports whether a pattern is of something that exists, or of a policy of this run:
// that can be one of confine's own, or lie elsewhere.
func (f foundSettings) names(pattern policy.Stated, targets []lint.Target) bool {
	if slices.ContainsFunc(targets, func(t lint.Target) bool { return lint.Covers(pattern, t.Relative) }) {
		return true
	}
	found, err := fs.Glob(os.DirFS(f.directory), strings.TrimSuffix(pattern.Text, "/"))
	return err != nil || len(found) > 0
}
