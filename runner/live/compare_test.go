package live

import (
	"testing"

	"confine/compiler"
	"confine/policy"
)

func TestCompare(t *testing.T) {
	at := policy.Position{File: "p.toml", Line: 3, Column: 8}
	row := func(s compiler.Strength, accepted bool) []compiler.Coverage {
		c := compiler.Coverage{Clause: policy.ClauseFilesystemRead, At: at, Launched: s.By("the mechanism")}
		if accepted {
			c.Accepted = &compiler.Exception{Reason: "known", Until: "2999-12-31", At: policy.Position{File: "p.toml", Line: 9, Column: 1}}
		}
		return []compiler.Coverage{{Clause: policy.ClauseFilesystemMap, At: at, Launched: compiler.None.By("another row")}, c}
	}
	var (
		yes     = Answer{Outcome: Allowed}
		no      = Answer{Outcome: Denied, Errno: "EACCES"}
		gone    = Answer{Outcome: Absent, Errno: "ENOENT"}
		frozen  = Answer{Outcome: Denied, Errno: "EROFS"}
		neither = Answer{Outcome: Unclear, Why: "nobody knows"}
		exact   = row(compiler.Exact, false)
		opened  = Attempt{How: HowOpen}
		present = Attempt{How: HowOpen, Present: true}
	)
	for _, c := range []struct {
		name            string
		allowed         bool
		attempt         Attempt
		inside, outside Answer
		rows            []compiler.Coverage
		want            Status
		why             string
	}{
		{"allowed as declared", true, opened, yes, no, exact, Agreed, ""},
		{"denied as declared", false, opened, no, yes, exact, Agreed, ""},
		{"killed as declared", false, opened, Answer{Outcome: Denied, Errno: "SIGSYS"}, yes, exact, Agreed, ""},

		{"allowed, and declared denied", false, opened, yes, yes, exact, Differs, ""},
		{"allowed inside alone, and declared denied", false, opened, yes, no, exact, Differs, ""},
		{"denied, and declared allowed", true, opened, no, yes, exact, Differs, ""},
		{"absent, and declared allowed", true, present, gone, yes, exact, Differs, ""},
		{"no row excuses", false, opened, yes, yes, nil, Differs, ""},

		{"denied, and fails outside", false, opened, no, no, exact, NotProven, "outside it is denied (EACCES) too"},
		{"declared allowed, and fails outside", true, opened, no, no, exact, NotProven, "outside it is denied (EACCES) too"},
		{"the control is unclear", false, opened, no, neither, exact, NotProven, "nobody knows"},
		{"unclear inside", false, opened, neither, yes, exact, NotProven, "nobody knows"},
		{"unclear inside, and declared allowed", true, opened, neither, yes, exact, NotProven, "nobody knows"},
		{"no answer", false, opened, Answer{}, yes, exact, NotProven, `the prober answered ""`},

		{"hidden from one who cannot open it", false, present, gone, no, exact, Agreed, ""},
		{"absent, and not there outside", false, opened, gone, no, exact, NotProven, "outside it is denied (EACCES) too"},
		{"read-only, whoever asks", false, opened, frozen, no, exact, Agreed, ""},
		{"read-only, outside too", false, opened, frozen, frozen, exact, NotProven, "outside it is denied (EROFS) too"},
		{"the sandbox itself answers", false, Attempt{How: HowGateway, Alone: true}, no, no, exact, Agreed, ""},

		{"denied more, as the coverage says", true, opened, no, yes, row(compiler.Stronger, false), Stronger, "the mechanism"},
		{"allowed more than a stronger row says", false, opened, yes, yes, row(compiler.Stronger, false), Differs, ""},
		{"allowed more, and accepted", false, opened, yes, yes, row(compiler.Weaker, true), Weaker, "the policy accepts it at p.toml:9:1: the mechanism"},
		{"allowed more, and not accepted", false, opened, yes, yes, row(compiler.Weaker, false), Differs, ""},
		{"denied more than a weaker row says", true, opened, no, yes, row(compiler.Weaker, true), Differs, ""},

		{"not tried", false, Attempt{Untried: "it is night"}, yes, yes, exact, NotTried, "it is night"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := Expected{
				Access:   policy.Access{Kind: policy.AccessRead, Target: "/x"},
				Decision: policy.Decision{Allowed: c.allowed, Clause: policy.ClauseFilesystemRead, At: at},
				Case:     "the case",
			}
			r := Compare(e, c.attempt, c.inside, c.outside, c.rows)
			if r.Status != c.want || r.Why != c.why {
				t.Errorf("%s (%s), expected %s (%s)", r.Status, r.Why, c.want, c.why)
			}
			if r.Access != "read /x" || r.Case != "the case" || r.Allowed != c.allowed {
				t.Errorf("another access: %+v", r)
			}
			if (r.Inside == nil) != (c.want == NotTried) {
				t.Errorf("answers of an attempt that is %s: %v", r.Status, r.Inside)
			}
		})
	}
}

// TestCompareConditional: what arguments decide that are not given is neither.
func TestCompareConditional(t *testing.T) {
	e := Expected{Decision: policy.Decision{Conditional: true}}
	for _, inside := range []Outcome{Allowed, Denied} {
		if r := Compare(e, Attempt{How: HowCall}, Answer{Outcome: inside}, Answer{Outcome: Allowed}, nil); r.Status != NotTried {
			t.Errorf("%s inside: %s", inside, r.Status)
		}
	}
}

// TestCompareStoredLimit: a limit that shows and that nobody enforces is not proven by showing.
func TestCompareStoredLimit(t *testing.T) {
	at := policy.Position{File: "p.toml", Line: 3, Column: 8}
	e := Expected{
		Access:   policy.Access{Kind: policy.AccessRlimit, Target: "data", Value: 2},
		Decision: policy.Decision{Clause: policy.RlimitClause("data"), At: at},
	}
	rows := []compiler.Coverage{{Clause: policy.RlimitClause("data"), At: at, Launched: compiler.Weaker.By("stored")}}
	denied := Answer{Outcome: Denied}
	if r := Compare(e, Attempt{How: HowState}, denied, Answer{Outcome: Allowed}, rows); r.Status != NotProven {
		t.Errorf("%s (%s)", r.Status, r.Why)
	}
	rows[0].Launched.Strength = compiler.Exact
	if r := Compare(e, Attempt{How: HowState}, denied, Answer{Outcome: Allowed}, rows); r.Status != Agreed {
		t.Errorf("control: %s (%s)", r.Status, r.Why)
	}
}
