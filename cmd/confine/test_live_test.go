package main

import (
	"strings"
	"testing"

	"confine/policy"
	"confine/runner/live"
)

func liveReport(statuses ...live.Status) *live.Report {
	r := &live.Report{Policy: "acme", Backend: "firejail", Version: "0.9.72", Kernel: "6.1.0", User: "u", Proven: 3, Total: 3}
	for _, s := range statuses {
		r.Results = append(r.Results, live.Result{
			Access: "read /x", Case: "the case", Line: policy.Position{File: "acme.test.toml", Line: 3, Column: 10},
			Because: `filesystem.hide names "/x"`, At: policy.Position{File: "acme.toml", Line: 5, Column: 9},
			Status: s, Inside: &live.Answer{Outcome: live.Allowed}, Outside: &live.Answer{Outcome: live.Denied, Errno: "EACCES"},
		})
	}
	return r
}

// TestLiveDifference: a difference is said to be a bug, with all that leads to it.
func TestLiveDifference(t *testing.T) {
	var out strings.Builder
	printReport(&out, "acme.toml", liveReport(live.Differs, live.Agreed))
	const want = `acme.test.toml:3:10: error: the sandbox does not do what acme.toml says
  access    read /x
  policy    denied: filesystem.hide names "/x" (acme.toml:5:9)
  inside    allowed
  outside   denied (EACCES)
  case      the case
  this is   a bug in confine: its decision or its sandbox is wrong, whatever the policy says
  found by  confine dev, firejail 0.9.72, Linux 6.1.0

acme.toml under firejail 0.9.72 as u, 3 of 3 checks proven
  2 accesses tried, 1 as declared, 1 otherwise
`
	if got := out.String(); got != want {
		t.Errorf("%s\nexpected\n%s", got, want)
	}
}

func TestLiveCode(t *testing.T) {
	of := func(statuses ...live.Status) liveResult {
		return liveResult{Policy: "acme.toml", Reports: []*live.Report{liveReport(statuses...)}}
	}
	for _, c := range []struct {
		name    string
		results []liveResult
		code    int
		summary string
	}{
		{"agreed", []liveResult{of(live.Agreed)}, 0, "live: 1 access tried, 1 as declared"},
		{
			"signed for",
			[]liveResult{of(live.Agreed, live.Stronger, live.Weaker)},
			0,
			"live: 3 accesses tried, 1 as declared, 1 stronger, 1 weaker",
		},
		{
			"not all tried",
			[]liveResult{of(live.Agreed, live.NotTried, live.NotProven, live.NotTried)},
			0,
			"live: 1 access tried, 1 as declared; 2 not tried, 1 not proven",
		},
		{"differs", []liveResult{of(live.Agreed, live.Differs), of(live.Agreed)}, 1, "live: 3 accesses tried, 2 as declared, 1 otherwise"},
		{"nothing tried", []liveResult{of(live.NotTried)}, 2, "live: 0 accesses tried, 0 as declared; 1 not tried"},
		{"nothing proven", []liveResult{of(live.NotProven)}, 2, "live: 0 accesses tried, 0 as declared; 1 not proven"},
		{"nothing asked", []liveResult{{Policy: "acme.toml"}}, 2, "live: 0 accesses tried, 0 as declared"},
		{
			"refused",
			[]liveResult{of(live.Agreed), {Policy: "other.toml", Refused: []string{"no sandbox"}}},
			2,
			"live: 1 access tried, 1 as declared; 1 launch refused",
		},
		{
			"refused and differs",
			[]liveResult{of(live.Differs), {Policy: "other.toml", Refused: []string{"no sandbox"}}},
			2,
			"live: 1 access tried, 0 as declared, 1 otherwise; 1 launch refused",
		},
		// What the policies alone say has the exit code of that.
		{
			"not launched",
			[]liveResult{{Policy: "acme.toml", Skipped: "its tests fail without it"}},
			0,
			"live: 0 accesses tried, 0 as declared; 1 policy not launched",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			test := liveTest{results: c.results}
			if got := test.code(); got != c.code {
				t.Errorf("code %d, expected %d", got, c.code)
			}
			if got := test.summary(); got != c.summary {
				t.Errorf("%q, expected %q", got, c.summary)
			}
		})
	}
}
