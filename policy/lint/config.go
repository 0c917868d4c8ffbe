package lint

import (
	"fmt"
	"path"
	"sort"
	"strings"

	"confine/policy"
	"confine/policy/syscalls"
)

// Config says which rules are asked for, and where.
type Config struct {
	selected, ignored []string
	paths             []pathConfig
}

type pathConfig struct {
	pattern string
	ignored []string
}

// Configure makes the configuration of settings; of nil it is that of every rule. The
// error is a [policy.Diagnostics].
func Configure(settings *policy.Settings) (Config, error) {
	if settings == nil {
		return Config{}, nil
	}
	var wrong policy.Diagnostics
	codes := func(list []policy.Stated) []string {
		var out []string
		for _, s := range list {
			if err := CheckCode(s.Text); err != nil {
				wrong = append(wrong, settings.Diagnose(s.At, err.Error(), []string{`expected  a code such as "CF204", or its first characters`}, ""))
			}
			out = append(out, s.Text)
		}
		return out
	}
	c := Config{selected: codes(settings.Select), ignored: codes(settings.Ignore)}
	for _, p := range settings.Paths {
		if _, err := path.Match(p.Path.Text, ""); err != nil {
			wrong = append(wrong, settings.Diagnose(p.Path.At, "this is not a pattern of paths", nil, ""))
		}
		c.paths = append(c.paths, pathConfig{strings.TrimSuffix(p.Path.Text, "/"), codes(p.Ignore)})
	}
	sort.SliceStable(wrong, func(i, j int) bool {
		a, b := wrong[i].At, wrong[j].At
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	if wrong != nil {
		return Config{}, wrong
	}
	return c, nil
}

// CheckCode reports a text with which no code begins.
func CheckCode(text string) error {
	for _, code := range Codes() {
		if text != "" && strings.HasPrefix(code, text) {
			return nil
		}
	}
	nearest, distance := "", 3
	for _, code := range Codes() {
		if d := syscalls.EditDistance(code, strings.ToUpper(text)); d < distance {
			nearest, distance = code, d
		}
	}
	if nearest != "" {
		return fmt.Errorf("there is no rule %q (did you mean %s?)", text, nearest)
	}
	return fmt.Errorf("there is no rule %q", text)
}

// With gives a configuration with other rules selected and more of them ignored, as a
// command line has them.
func (c Config) With(selected, ignored []string) Config {
	if len(selected) > 0 {
		c.selected = selected
	}
	c.ignored = append(c.ignored[:len(c.ignored):len(c.ignored)], ignored...)
	return c
}

// Excludes reports whether a search for policies leaves a path out: one relative to the
// settings, with slashes.
func Excludes(settings *policy.Settings, relative string) bool {
	if settings == nil {
		return false
	}
	for _, e := range settings.Exclude {
		if covers(strings.TrimSuffix(e.Text, "/"), relative) {
			return true
		}
	}
	return false
}

// asks reports whether a rule is asked for of the policy at a path.
func (c Config) asks(code, relative string) bool {
	if len(c.selected) > 0 && !begins(code, c.selected) || begins(code, c.ignored) {
		return false
	}
	for _, p := range c.paths {
		if covers(p.pattern, relative) && begins(code, p.ignored) {
			return false
		}
	}
	return true
}

func begins(code string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(code, prefix) {
			return true
		}
	}
	return false
}

// covers reports whether a pattern is of a path or of a directory above it.
func covers(pattern, name string) bool {
	for up := name; ; up = path.Dir(up) {
		if ok, err := path.Match(pattern, up); up == pattern || ok && err == nil {
			return true
		}
		if up == "." || up == "/" || up == "" {
			return false
		}
	}
}
