package live

import (
	"fmt"
	"strings"

	"confine/compiler"
	"confine/policy"
)

// Status is what an attempt shows about the sandbox.
type Status string

// The statuses. Only the first four were tried to an end.
const (
	// Agreed means that the sandbox did what the policy says.
	Agreed Status = "agreed"
	// Differs means that it did not, and that the coverage does not say so: a bug.
	Differs Status = "differs"
	// Stronger means that it denied what the policy allows, as the coverage says.
	Stronger Status = "stronger"
	// Weaker means that it allowed what the policy denies, as the coverage says and
	// somebody accepted.
	Weaker Status = "weaker"
	// NotProven means that it was tried and shows nothing.
	NotProven Status = "not proven"
	// NotTried means that there is no harmless way to try it here.
	NotTried Status = "not tried"
)

// Result is one access, and what the sandbox made of it.
type Result struct {
	Access string          `json:"access"`
	Case   string          `json:"case"`
	Line   policy.Position `json:"line"`
	// Allowed is what the policy says, and Because and At are why.
	Allowed bool            `json:"allowed"`
	Because string          `json:"because"`
	At      policy.Position `json:"at,omitzero"`
	Status  Status          `json:"status"`
	// Why is empty where the sandbox did what the policy says.
	Why     string  `json:"why,omitempty"`
	Inside  *Answer `json:"inside,omitempty"`
	Outside *Answer `json:"outside,omitempty"`
}

// Compare holds what happened inside and outside against the policy. rows are the
// coverage of the launch.
func Compare(e Expected, a Attempt, inside, outside Answer, rows []compiler.Coverage) Result {
	r := Result{
		Access: e.Access.String(), Case: e.Case, Line: e.Line, Allowed: e.Allowed, Because: e.Because, At: e.At,
	}
	if a.Untried != "" {
		r.Status, r.Why = NotTried, a.Untried
		return r
	}
	r.Inside, r.Outside = &inside, &outside
	switch {
	case e.Conditional:
		r.Status, r.Why = NotTried, "the policy decides it by arguments that are not given"
	case inside.Outcome == Unclear:
		r.Status, r.Why = NotProven, inside.Why
	case inside.Outcome == Allowed:
		r.allowed(mappedBy(e, rows))
	case inside.Outcome == Denied || inside.Outcome == Absent:
		r.denied(e, a, coverageOf(e.Decision, rows))
	default:
		r.Status, r.Why = NotProven, fmt.Sprintf("the prober answered %q", inside.Outcome)
	}
	return r
}

// allowed judges what was possible inside, which needs no control.
func (r *Result) allowed(row compiler.Coverage) {
	switch {
	case r.Allowed:
		r.Status = Agreed
	case !row.Launched.Strength.Sufficient() && row.Accepted != nil:
		r.Status, r.Why = Weaker, fmt.Sprintf("the policy accepts it at %s: %s", row.Accepted.At, row.Launched.How)
	default:
		r.Status = Differs
	}
}

// denied judges what was not possible inside: that means something only if it is
// possible outside, or is there.
func (r *Result) denied(e Expected, a Attempt, row compiler.Coverage) {
	proven := r.Outside.Outcome == Allowed || a.Alone ||
		a.Present && r.Inside.Outcome == Absent && r.Outside.Outcome != Absent ||
		// A mount inside is read-only, whoever asks.
		r.Inside.Errno == "EROFS" && r.Outside.Errno != "EROFS"
	switch {
	case e.Allowed && r.Outside.Outcome != Allowed:
		r.Status, r.Why = NotProven, withoutControl(*r.Outside)
	case e.Allowed && row.Launched.Strength == compiler.Stronger:
		r.Status, r.Why = Stronger, row.Launched.How
	case e.Allowed:
		r.Status = Differs
	case !proven:
		r.Status, r.Why = NotProven, withoutControl(*r.Outside)
	case e.Kind == policy.AccessRlimit && !row.Launched.Strength.Sufficient():
		r.Status, r.Why = NotProven, "the limit is set, and not enforced: "+row.Launched.How
	default:
		r.Status = Agreed
	}
}

// withoutControl says why a denial shows nothing.
func withoutControl(outside Answer) string {
	if outside.Outcome == Unclear {
		return outside.Why
	}
	return "outside it is " + outside.String() + " too"
}

// mappedBy is the row of what was possible inside. That a mapping was can be said of all that
// may be read, in a row of no path.
func mappedBy(e Expected, rows []compiler.Coverage) compiler.Coverage {
	for _, row := range rows {
		if e.Kind == policy.AccessMap && row.Clause == policy.ClauseFilesystemMap && !strings.HasPrefix(row.Subject, "/") && !row.Launched.Strength.Sufficient() {
			return row
		}
	}
	return coverageOf(e.Decision, rows)
}

// coverageOf finds the row of the entry that decided; without one, nothing excuses a
// difference.
func coverageOf(d policy.Decision, rows []compiler.Coverage) compiler.Coverage {
	for _, row := range rows {
		if row.Clause == d.Clause && row.At == d.At {
			return row
		}
	}
	return compiler.Coverage{Launched: compiler.Exact.By("")}
}
