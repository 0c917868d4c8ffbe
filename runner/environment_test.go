//go:build linux

package runner

import (
	"slices"
	"testing"

	"confine/policy"
)

func TestComposeEnvironment(t *testing.T) {
	pass := func(patterns ...string) (out []policy.EnvironmentPattern) {
		for _, p := range patterns {
			out = append(out, policy.EnvironmentPattern{Pattern: p})
		}
		return out
	}
	set := func(pairs ...string) (out []policy.EnvironmentVariable) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, policy.EnvironmentVariable{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	caller := []string{"PATH=/bin", "LANG=C", "WORKER_ID=7", "WORKER=8", "worker_id=9", "TOKEN=secret", "EMPTY=", "BROKEN", "=X=1", "EQ=a=b"}
	for _, tc := range []struct {
		name string
		pass []policy.EnvironmentPattern
		set  []policy.EnvironmentVariable
		want []string
	}{
		{name: "nothing by default", want: []string{}},
		{name: "by name", pass: pass("LANG"), want: []string{"LANG=C"}},
		{name: "a name is no prefix", pass: pass("LAN", "WORKER_"), want: []string{}},
		{name: "by prefix", pass: pass("WORKER_*"), want: []string{"WORKER_ID=7"}},
		{name: "the prefix alone counts", pass: pass("WORKER*"), want: []string{"WORKER=8", "WORKER_ID=7"}},
		{name: "everything that is a variable", pass: pass("*"), want: []string{
			"EMPTY=", "EQ=a=b", "LANG=C", "PATH=/bin", "TOKEN=secret", "WORKER=8", "WORKER_ID=7", "worker_id=9",
		}},
		{name: "missing at the caller's", pass: pass("NOWHERE"), want: []string{}},
		{name: "set wins, and the result is sorted", pass: pass("PATH", "LANG"), set: set("PATH", "/usr/bin", "A", "1"), want: []string{
			"A=1", "LANG=C", "PATH=/usr/bin",
		}},
		{name: "set to nothing", set: set("HOME", ""), want: []string{"HOME="}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := composeEnvironment(policy.Environment{Pass: tc.pass, Set: tc.set}, caller)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestComposeEnvironmentTakesTheLastOfTwo(t *testing.T) {
	e := policy.Environment{Pass: []policy.EnvironmentPattern{{Pattern: "A"}}}
	if got := composeEnvironment(e, []string{"A=1", "A=2"}); !slices.Equal(got, []string{"A=2"}) {
		t.Errorf("got %q", got)
	}
}
