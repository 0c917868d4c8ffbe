package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"confine/policies"
	"confine/policy"
)

// library finds what policies extend: for a policy of a directory in that directory
// first, and then among confine's own.
type library struct {
	// read are the files that a policy was made from, the policy itself first.
	read []string
}

// Find implements policy.Library.
func (l *library) Find(from policy.Source, name string) (policy.Source, bool, error) {
	if !from.Embedded {
		// Not cleaned: what lies in the current directory is shown as ./NAME.toml, and so
		// never as one of confine's own.
		file := filepath.Dir(from.File) + string(filepath.Separator) + name + ".toml"
		if len(l.read) > 0 && filepath.Clean(file) == filepath.Clean(l.read[0]) {
			file = l.read[0] // the policy itself has one name
		}
		text, err := readPolicy(file)
		switch {
		case err == nil:
			l.read = append(l.read, file)
			return policy.Source{File: file, Text: text}, true, nil
		case !errors.Is(err, os.ErrNotExist):
			return policy.Source{}, false, err
		}
	}
	source, ok := policies.Find(name)
	return source, ok, nil
}

// Names implements policy.Library.
func (l *library) Names(from policy.Source) []string {
	names := policies.Names()
	if from.Embedded {
		return names
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(from.File), "*.toml"))
	if err != nil {
		return names // a directory whose name is a bad pattern: no suggestion from it
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".toml")
		if !strings.HasSuffix(name, ".test") {
			names = append(names, name)
		}
	}
	return names
}

// root gives the policy that a person named: one of confine's own, or a file.
func (l *library) root(name string) (policy.Source, error) {
	if source, ok := policies.Find(name); ok {
		return source, nil
	}
	text, err := readPolicy(name)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, "/.") {
		return policy.Source{}, fmt.Errorf("no policy %q\n%s", name, expectedPolicy())
	}
	if err != nil {
		return policy.Source{}, err
	}
	l.read = append(l.read, name)
	return policy.Source{File: name, Text: text}, nil
}

// expectedPolicy says what can be named as a policy, in lines of at most 100 columns.
func expectedPolicy() string {
	const label, width = "  expected  ", 100
	line := label + "a file, or one of confine's own:"
	var out strings.Builder
	for i, name := range policies.Names() {
		if i > 0 {
			line += ","
		}
		if len(line)+len(" ,")+len(name) > width {
			out.WriteString(line + "\n")
			line = strings.Repeat(" ", len(label)-1)
		}
		line += " " + name
	}
	return out.String() + line
}

// readPolicy reads a regular file of bounded size: not a pipe that never ends,
// not a directory.
func readPolicy(name string) ([]byte, error) { return readRegular("policy", name, policy.MaxSource+1) }

// readRegular reads at most limit bytes of a regular file.
func readRegular(what, name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the %s: %w", what, err)
	case info.IsDir():
		return nil, fmt.Errorf("the %s %q is a directory: expected a file", what, name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the %s %q is a %s: expected a regular file", what, name, kindOf(info.Mode()))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	return text, nil
}

// kindOf names what can stand where a regular file was expected.
func kindOf(mode os.FileMode) string {
	switch {
	case mode&os.ModeNamedPipe != 0:
		return "pipe"
	case mode&os.ModeSocket != 0:
		return "socket"
	case mode&os.ModeDevice != 0:
		return "device"
	}
	return "special file"
}
