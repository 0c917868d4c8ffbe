package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"confine/policy"
)

// parameterFlags are how a person gives a policy's parameters their values.
type parameterFlags struct {
	values []string
	from   string
}

func (f *parameterFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.values, "param", nil, "`NAME=VALUE` of a parameter of the policy; can be given more than once")
	flags.StringVar(&f.from, "params-from", "", "`FILE:/json/pointer` to an object whose members give the parameters that --param does not")
}

// maxParametersFile is the size of the largest file for --params-from: a connector's
// configuration can hold a manifest.
const maxParametersFile = 64 << 20

// maxPointer is how many steps a pointer can have; each reads the value again.
const maxPointer = 32

// collect gives the values. declared are the parameters of the policy: a member of
// the file that is none of them is not looked at.
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
	if f.from == "" {
		return values, nil
	}
	members, err := f.members()
	if err != nil {
		return nil, err
	}
	for _, p := range declared {
		if _, given := values[p.Name]; given {
			continue
		}
		raw, ok := members[p.Name]
		if !ok {
			continue // Resolve says which parameters have no value
		}
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, fmt.Errorf("--params-from: the member %q is not a string", p.Name)
		}
		values[p.Name] = text
	}
	return values, nil
}

// members gives the object that --params-from points to. No error quotes the file: it
// may be a configuration full of secrets.
func (f *parameterFlags) members() (map[string]json.RawMessage, error) {
	// The last ":/", or a ":" at the end, parts the file from the pointer (RFC 6901).
	file, pointer, ok := f.from, "", false
	if i := strings.LastIndex(f.from, ":/"); i >= 0 {
		file, pointer, ok = f.from[:i], f.from[i+1:], true
	} else if strings.HasSuffix(f.from, ":") {
		file, ok = strings.TrimSuffix(f.from, ":"), true
	}
	if !ok {
		return nil, fmt.Errorf("--params-from %q has no pointer: expected FILE:/json/pointer, or FILE: for the whole file", f.from)
	}
	data, err := readRegular("file of --params-from", file, maxParametersFile+1)
	if err != nil {
		return nil, err
	}
	if len(data) > maxParametersFile {
		return nil, fmt.Errorf("--params-from: %s is larger than %d bytes", file, maxParametersFile)
	}
	if strings.Count(pointer, "/") > maxPointer {
		return nil, fmt.Errorf("--params-from: the pointer has more than %d steps", maxPointer)
	}
	at := json.RawMessage(data)
	for _, token := range strings.Split(pointer, "/")[1:] {
		if at, err = descend(at, strings.NewReplacer("~1", "/", "~0", "~").Replace(token)); err != nil {
			return nil, fmt.Errorf("--params-from: %s does not lead to an object: %w", strconv.Quote(pointer), err)
		}
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(at, &members) != nil || members == nil {
		return nil, fmt.Errorf("--params-from: %s in %s is not a JSON object", strconv.Quote(pointer), file)
	}
	return members, nil
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
