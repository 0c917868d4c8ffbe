package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/policy"
)

// TestResults: every case has a result, and its failures are told in words and places.
func TestResults(t *testing.T) {
	tests := parseTests(t, `[[case]]
name = "fails"
deny = ["read /a/x", "read /c"]
allow = ["write /a/x", "read /a/y", "syscall socket"]
[[case]]
name = "passes"
allow = ["read /a/x"]
[[case]]
name = "by"
by = "filesystem.hide"
deny = ["read /b"]
[[case]]
name = "no policy"
params = { x = "1" }
deny = ["read /b"]
`)
	p, err := policy.Parse("p.toml", []byte(headed("p", "[filesystem]\nread = ['/a']\n")))
	if err != nil {
		t.Fatal(told(err))
	}
	results := tests.Results(func(params map[string]string) (*policy.Policy, error) {
		if params != nil {
			return nil, errors.New("there is none")
		}
		return p, nil
	})
	var got []string
	for _, r := range results {
		got = append(got, r.Case.Name)
		for _, f := range r.Failures {
			text := "none"
			if f.Kind != "" {
				text = f.Access.String()
			}
			got = append(got, fmt.Sprintf("  %s %s: %s, not %s; %s; %s; %s", f.At, text, f.Found, f.Expected, f.Because, f.DecidedAt, f.Diagnostic.At))
		}
	}
	want := []string{
		"fails",
		`  p.test.toml:3:9 read /a/x: allowed, not denied; filesystem.read names "/a"; p.toml:4:9; p.test.toml:3:9`,
		`  p.test.toml:4:10 write /a/x: denied, not allowed; filesystem.read names "/a", and does not allow write; p.toml:4:9; p.test.toml:4:10`,
		`  p.test.toml:4:37 syscall socket: undecided without more arguments, not allowed; the base list connector decides socket by arg0 and arg2, which are not given; default; p.test.toml:4:37`,
		"passes",
		"by",
		`  p.test.toml:11:9 read /b: denied by filesystem, not denied by filesystem.hide; no entry of [filesystem] names "/b": it is hidden; default; p.test.toml:11:9`,
		"no policy",
		"  p.test.toml:12:3 none: a policy that cannot be resolved, not a policy; there is none; default; p.test.toml:12:3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("results:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if ds := results.Diagnostics(); len(ds) != 5 {
		t.Errorf("%d diagnostics, expected 5", len(ds))
	}
}

// TestManyFailures: of very many the first are shown, and all are in the results.
func TestManyFailures(t *testing.T) {
	var accesses []string
	for i := range 150 {
		accesses = append(accesses, fmt.Sprintf("'read /x%d'", i))
	}
	tests := parseTests(t, "[[case]]\nname = 'many'\nallow = ["+strings.Join(accesses, ", ")+"]\n")
	p, err := policy.Parse("p.toml", []byte(headed("p", "")))
	if err != nil {
		t.Fatal(told(err))
	}
	results := tests.Results(func(map[string]string) (*policy.Policy, error) { return p, nil })
	if n := len(results[0].Failures); n != 150 {
		t.Errorf("%d failures, expected 150", n)
	}
	if n := len(results.Diagnostics()); n != 100 {
		t.Errorf("%d diagnostics, expected 100", n)
	}
}
