package policy_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"confine/policy"
)

// shelf is a library in memory: the texts of policies by name. All lie in one
// directory.
type shelf map[string]string

func (s shelf) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	text, ok := s[name]
	switch {
	case !ok:
		return policy.Source{}, false, nil
	case text == unreadable:
		return policy.Source{}, false, errors.New("permission denied")
	}
	return policy.Source{File: name + ".toml", Text: []byte(text)}, true, nil
}

// unreadable is the text of a policy that is there and cannot be read.
const unreadable = "unreadable\n"

func (s shelf) Names(policy.Source) []string {
	var names []string
	for name := range s {
		names = append(names, name)
	}
	return names
}

// resolve resolves the policy of a name on the shelf.
func (s shelf) resolve(name string, o policy.Options) (*policy.Policy, error) {
	o.Library = s
	return policy.Resolve(policy.Source{File: name + ".toml", Text: []byte(s[name])}, o)
}

// headed gives a policy text its first lines.
func headed(name, rest string) string {
	return "schema = 1\nname = \"" + name + "\"\n" + rest
}

// told gives an error in full.
func told(err error) string {
	var ds policy.Diagnostics
	if !errors.As(err, &ds) {
		return err.Error() + "\n"
	}
	var out bytes.Buffer
	_ = ds.Render(&out)
	return out.String()
}

func mustResolve(t testing.TB, s shelf, name string, o policy.Options) *policy.Policy {
	t.Helper()
	p, err := s.resolve(name, o)
	if err != nil {
		t.Fatal(told(err))
	}
	return p
}

func refused(t testing.TB, s shelf, name string, o policy.Options, want string) {
	t.Helper()
	_, err := s.resolve(name, o)
	if err == nil {
		t.Fatalf("accepted; want %q", want)
	}
	if got := told(err); !strings.Contains(got, want) {
		t.Fatalf("want %q in\n%s", want, got)
	}
}
