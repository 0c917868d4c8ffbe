package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"confine/policy"
)

// parameterFlags are how a person gives a policy's parameters their values.
type parameterFlags struct {
	values []string
	from   []string
}

func (f *parameterFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.values, "param", nil, "`NAME=VALUE` of a parameter of the policy; can be given more than once")
	flags.StringArrayVar(&f.from, "params-from", nil,
		"`FILE:/json/pointer` to the value of a parameter (NAME=FILE:... where the last step is not its name), or to an object whose members give those that --param does not; can be given more than once")
}

// given reports whether there is any.
func (f *parameterFlags) given() bool { return len(f.values)+len(f.from) > 0 }

// maxParametersFile is the size of the largest file for --params-from: a connector's
// configuration can hold a manifest.
const maxParametersFile = 64 << 20

// maxPointer is how many steps a pointer can have; each reads the value again.
const maxPointer = 32

// collect gives the values. declared are the parameters of the policy.
func (f *parameterFlags) collect(declared []policy.Parameter) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range f.values {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("--param %q has no value: expected NAME=VALUE", pair)
		}
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("--param gives %s twice", name)
		}
		values[name] = value
	}
	typed := maps.Clone(values)
	for _, text := range f.from {
		source, err := parseParameterSource(text)
		if err != nil {
			return nil, err
		}
		found, err := source.values(declared)
		if err != nil {
			return nil, err
		}
		for name, value := range found {
			if _, overridden := typed[name]; overridden && source.parameter == "" {
				continue // a member of an object, which is there for other reasons
			}
			if _, twice := values[name]; twice {
				return nil, fmt.Errorf("parameter %s is given twice", name)
			}
			values[name] = value
		}
	}
	return values, nil
}

// parameterSource is one --params-from.
type parameterSource struct {
	// parameter is the one that the pointer leads to the value of; empty is an object of
	// several.
	parameter, file, pointer string
	// named says that the flag gives parameter, and not the pointer's last step.
	named bool
}

var parameterPrefix = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=`)

func parseParameterSource(text string) (parameterSource, error) {
	s := parameterSource{file: text}
	if m := parameterPrefix.FindStringSubmatch(text); m != nil {
		s.parameter, s.named, s.file = m[1], true, text[len(m[0]):]
	}
	// The last ":/", or a ":" at the end, parts the file from the pointer (RFC 6901).
	if i := strings.LastIndex(s.file, ":/"); i >= 0 {
		s.file, s.pointer = s.file[:i], s.file[i+1:]
	} else if whole, ok := strings.CutSuffix(s.file, ":"); ok {
		s.file = whole
	} else {
		return s, fmt.Errorf("--params-from %q has no pointer: expected FILE:/json/pointer, or FILE: for the whole file", text)
	}
	if strings.Count(s.pointer, "/") > maxPointer {
		return s, fmt.Errorf("--params-from: the pointer has more than %d steps", maxPointer)
	}
	return s, nil
}

// values gives what the source says of the parameters that a policy declares: a member of an
// object that is none of them is not looked at. No error quotes the file: it may be a
// configuration full of secrets.
func (s *parameterSource) values(declared []policy.Parameter) (map[string]string, error) {
	at, err := s.read()
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(at, &members) != nil || members == nil {
		return s.value(at, declared)
	}
	if s.named {
		return nil, fmt.Errorf("--params-from: %q in %s is an object, not the value of %s", s.pointer, s.file, s.parameter)
	}
	values := map[string]string{}
	for _, p := range declared {
		raw, ok := members[p.Name]
		if !ok {
			continue // Resolve says which parameters have no value
		}
		value, ok := scalar(raw, p.Type)
		if !ok {
			return nil, fmt.Errorf("--params-from: the member %q is not %s", p.Name, expectedScalar(p.Type))
		}
		values[p.Name] = value
	}
	return values, nil
}

// value gives the one parameter that the source is about: the one that it names, or the one
// that has the name of the pointer's last step.
func (s *parameterSource) value(raw json.RawMessage, declared []policy.Parameter) (map[string]string, error) {
	if !s.named {
		s.parameter = s.pointer[strings.LastIndex(s.pointer, "/")+1:]
	}
	for _, p := range declared {
		if p.Name != s.parameter {
			continue
		}
		value, ok := scalar(raw, p.Type)
		if !ok {
			return nil, fmt.Errorf("--params-from: %q in %s is not %s", s.pointer, s.file, expectedScalar(p.Type))
		}
		return map[string]string{p.Name: value}, nil
	}
	if s.named {
		return map[string]string{s.parameter: ""}, nil // Resolve says that there is no such parameter
	}
	return nil, fmt.Errorf("--params-from: %q in %s is no JSON object, and is not named as a parameter\n"+
		"  instead   --params-from NAME=%s:%s gives the parameter NAME", s.pointer, s.file, s.file, s.pointer)
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// scalar gives a string, and for a label also a number that is written in digits.
func scalar(raw json.RawMessage, kind policy.ParameterType) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"' {
		return text, true
	}
	return string(raw), kind == policy.ParameterLabel && digits.Match(raw) && json.Valid(raw)
}

func expectedScalar(kind policy.ParameterType) string {
	if kind == policy.ParameterLabel {
		return "a string or a number without sign and point"
	}
	return "a string"
}

// read gives the value that the pointer leads to.
func (s *parameterSource) read() (json.RawMessage, error) {
	data, err := readRegular("file of --params-from", s.file, maxParametersFile+1)
	if err != nil {
		return nil, err
	}
	if len(data) > maxParametersFile {
		return nil, fmt.Errorf("--params-from: %s is larger than %d bytes", s.file, maxParametersFile)
	}
	at := json.RawMessage(data)
	for _, token := range strings.Split(s.pointer, "/")[1:] {
		if at, err = descend(at, strings.NewReplacer("~1", "/", "~0", "~").Replace(token)); err != nil {
			return nil, fmt.Errorf("--params-from: %q does not lead to a value: %w", s.pointer, err)
		}
	}
	return json.RawMessage(bytes.TrimSpace(at)), nil
}

// descend takes one step of a JSON pointer.
func descend(value json.RawMessage, token string) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(value, &members) == nil {
		if next, ok := members[token]; ok {
			return next, nil
		}
		return nil, fmt.Errorf("there is no member %q", token)
	}
	var items []json.RawMessage
	if json.Unmarshal(value, &items) != nil {
		return nil, errors.New("it goes through a value that has no members, or is not JSON")
	}
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= len(items) || strconv.Itoa(i) != token {
		return nil, fmt.Errorf("there is no item %q", token)
	}
	return items[i], nil
}
