//go:build linux

package runner

import (
	"testing"

	"confine/policy"
	"confine/runner/stage"
)

func TestRefusalExplain(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    Refusal
		want string
	}{
		{"one line", Refusal{Message: "no command was given"}, "refused, nothing ran: no command was given"},
		{"found and expected", Refusal{Message: "m", Found: "f", Expected: "e"}, `refused, nothing ran: m
  found     f
  expected  e`},
		{"all of it, several lines each", Refusal{
			Message: "m", Failed: []string{"p.toml:1:2 network.mode: interfaces\n    expected  lo\n    found     eth0 lo"},
			Found: "f\ng", Expected: "e", Tool: "firejail", Wrapper: "Error: one\nWarning: two", Instead: []string{"a", "b"},
		}, `refused, nothing ran: m
  p.toml:1:2 network.mode: interfaces
    expected  lo
    found     eth0 lo
  found     f
            g
  expected  e
  firejail  Error: one
            Warning: two
  instead   a
            b`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.r.Explain(); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestFailuresNameThePolicyLine(t *testing.T) {
	at := policy.Position{File: "p.toml", Line: 7, Column: 3}
	checks := []stage.Check{
		{Clause: "filesystem.read", Subject: "/a", At: at, Expected: "closed", Found: "opened", Status: stage.Failed},
		{Clause: "filesystem.read", Subject: "/b", At: at, Expected: "closed", Found: "closed", Status: stage.Proven},
		{Clause: "filesystem.read", Subject: "/c", At: at, Expected: "closed", Found: "closed", Status: stage.Unproven},
		{Clause: "sandbox", Subject: "NoNewPrivs", Expected: "1", Found: "0", Status: stage.Failed},
	}
	got := failures(checks)
	want := []string{
		"p.toml:7:3 filesystem.read: /a\n    expected  closed\n    found     opened",
		"sandbox: NoNewPrivs\n    expected  1\n    found     0",
	}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if n := proven(checks); n != 1 {
		t.Errorf("%d proven, want 1: what is not proven does not count", n)
	}
}
