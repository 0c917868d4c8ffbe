package lint

import (
	"fmt"
	"path"
	"slices"
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
	pattern := func(s policy.Stated) string {
		if _, err := path.Match(s.Text, ""); err != nil {
			wrong = append(wrong, settings.Diagnose(s.At, "this is not a pattern of paths", nil, ""))
		}
		return strings.TrimSuffix(s.Text, "/")
	}
	// A rule has to be left: settings that switch all of them off say that nothing is looked at,
	// and would read as if nothing were found.
	left := func(c Config, list []policy.Stated, message, hint string) {
		if wrong == nil && len(list) > 0 && !c.asksAny("") {
			wrong = append(wrong, settings.Diagnose(list[len(list)-1].At, message, []string{"expected  at least one rule that is asked"}, hint))
		}
	}
	for _, e := range settings.Exclude {
		pattern(e)
	}
	c := Config{selected: codes(settings.Select), ignored: codes(settings.Ignore)}
	left(c, slices.Concat(settings.Select, settings.Ignore), "no rule is left", "")
	for _, p := range settings.Paths {
		part := pathConfig{pattern(p.Path), codes(p.Ignore)}
		if c.asksAny("") {
			left(c.With(nil, part.ignored), p.Ignore, "no rule is left for "+p.Path.Text, "exclude = ["+quote(p.Path.Text)+"] in [lint], which the report counts")
		}
		c.paths = append(c.paths, part)
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

// Excludes gives the entry of the settings for which a search for policies leaves a path
// out: one relative to the settings, with slashes.
func Excludes(settings *policy.Settings, relative string) (entry policy.Stated, ok bool) {
	if settings == nil {
		return policy.Stated{}, false
	}
	for _, e := range settings.Exclude {
		if Covers(e, relative) {
			return e, true
		}
	}
	return policy.Stated{}, false
}

// Covers reports whether a pattern of the settings is of a path, relative to them and with
// slashes, or of a directory above it.
func Covers(pattern policy.Stated, relative string) bool {
	return covers(strings.TrimSuffix(pattern.Text, "/"), relative)
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

// asksAny reports whether a rule is asked for of the policy at a path, other than that it is
// one at all.
func (c Config) asksAny(relative string) bool {
	return slices.ContainsFunc(all, func(r *Rule) bool { return r != &invalidFile && c.asks(r.Code, relative) })
}

// Unasked gives the first of some policies of which no rule is asked.
func (c Config) Unasked(targets []Target) (t Target, ok bool) {
	for _, t := range targets {
		if !c.asksAny(t.Relative) {
			return t, true
		}
	}
	return Target{}, false
}

// Off gives the codes of the rules that are asked of no policy, and of those that are not
// asked of policies at some paths.
func (c Config) Off() (everywhere, somewhere []string) {
	for _, r := range all {
		off := false
		for _, p := range c.paths {
			off = off || begins(r.Code, p.ignored)
		}
		switch {
		case r == &invalidFile:
		case len(c.selected) > 0 && !begins(r.Code, c.selected) || begins(r.Code, c.ignored):
			everywhere = append(everywhere, r.Code)
		case off:
			somewhere = append(somewhere, r.Code)
		}
	}
	return everywhere, somewhere
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
