package policy

import (
	"fmt"
	"path"
	"strings"
	"unicode"
)

// Limits of Linux: PATH_MAX counts the closing NUL, NAME_MAX does not.
const (
	maxPath      = 4095
	maxComponent = 255
)

// below reports whether name is dir or lies under it. Both are clean.
func below(name, dir string) bool {
	return name == dir || dir == "/" || len(name) > len(dir) && name[len(dir)] == '/' && strings.HasPrefix(name, dir)
}

// badPath says what is wrong with a literal path, and the path that was probably
// meant, or gives an empty message.
func badPath(name string) (message, hint string) {
	switch {
	case name == "":
		return "path is empty", ""
	case name[0] != '/':
		if strings.HasPrefix(name, "~") {
			return fmt.Sprintf("path %s starts at a home directory", quote(name)), ""
		}
		return fmt.Sprintf("path %s is not absolute", quote(name)), "/" + path.Clean(name)
	case len(name) > maxPath:
		return fmt.Sprintf("path is longer than %d bytes", maxPath), ""
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Cf, unicode.Zl, unicode.Zp) {
			return fmt.Sprintf("path %s contains the invisible character U+%04X", quote(name), r), ""
		}
		if r == unicode.ReplacementChar {
			return fmt.Sprintf("path %s contains U+FFFD", quote(name)), ""
		}
	}
	for _, part := range strings.Split(name, "/") {
		switch {
		case part == "..":
			return fmt.Sprintf("path %s contains %q", quote(name), ".."), path.Clean(name)
		case len(part) > maxComponent:
			return fmt.Sprintf("path has a component longer than %d bytes", maxComponent), ""
		}
	}
	if clean := path.Clean(name); clean != name {
		return fmt.Sprintf("path %s is not clean", quote(name)), clean
	}
	return "", ""
}

// path reads one literal path; a trailing "?" is a mark, not a part of it.
func (b *builder) path(n *node, what string, optional bool) (PathEntry, bool) {
	text, ok := b.text(n, what, `an absolute path such as "/usr/lib"`, ParameterLabel)
	if !ok {
		return PathEntry{}, false
	}
	entry, ok := b.literalPath(n.at, b.written(b.at(n), text), what, optional)
	if !ok {
		return PathEntry{}, false
	}
	// A value is one component, or a part of one: it can only make a path too long.
	entry.Path = strings.TrimSuffix(text, "?")
	if message, _ := badPath(entry.Path); message != "" {
		b.add(n.at, "with the values of its parameters, %s", message).note("expected  an absolute, literal path such as \"/usr/lib\"")
		return PathEntry{}, false
	}
	return entry, true
}

func (b *builder) literalPath(at span, text, what string, optional bool) (PathEntry, bool) {
	name, marked := strings.CutSuffix(text, "?")
	if marked && !optional {
		b.add(at, `%s cannot be marked "?"`, what).
			note("it is made, or must be there, at every launch").
			advise("write %s", quote(name))
		return PathEntry{}, false
	}
	if message, hint := badPath(name); message != "" {
		d := b.add(at, "%s", message).note("expected  an absolute, literal path such as \"/usr/lib\"")
		if hint != "" && hint != "/" {
			d.advise("write %s", quote(hint))
		}
		return PathEntry{}, false
	}
	if i := strings.IndexAny(name, "*?["); i >= 0 {
		d := b.add(at, "path %s contains the wildcard %q", quote(name), name[i:i+1]).
			note("paths are literal: they name a file or a whole directory")
		if dir := path.Dir(name[:i] + "x"); dir != "/" {
			d.advise("name the directory: %s", quote(dir))
		}
		return PathEntry{}, false
	}
	if name == "/" {
		b.add(at, `%s cannot be "/": everything would be named`, what).
			note("expected  the directories that the program needs")
		return PathEntry{}, false
	}
	return PathEntry{Path: name, Optional: marked, At: b.position(at)}, true
}
