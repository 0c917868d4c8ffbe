package compiler

import (
	"time"

	"confine/policy"
)

// ApplyExceptions judges the rows of a backend that enforce less than the policy
// says. Each needs an [[accept]] that today has not passed; the row then names it.
// What is left is refused, and so is an exception for this backend that is past its
// date. unused are the exceptions for this backend that no row needs.
//
// today counts as a day: an exception holds to the end of its last.
func ApplyExceptions(p *policy.Policy, backend Backend, rows []Coverage, today time.Time) (refusals Refusals, unused []policy.Accept) {
	used := map[string]bool{}
	for i := range rows {
		row := &rows[i]
		if row.Launched.Strength.Sufficient() {
			continue
		}
		accept, ok := exceptionFor(p, backend, row.Clause)
		if !ok {
			refusals = append(refusals, Refusal{
				At: row.At, Clause: row.Clause, Message: string(backend) + " enforces this less than the policy says",
				Found: string(row.Launched.Strength) + ": " + row.Launched.How, Expected: "exact or stronger, or a dated [[accept]]",
				Hint: `[[accept]] with backend = "` + string(backend) + `", clause = "` + row.Clause + `", a reason and a date`,
			})
			continue
		}
		used[accept.Clause] = true
		row.Accepted = &Exception{Reason: accept.Reason, Until: accept.Until.Format(time.DateOnly), At: accept.At}
	}
	for _, a := range p.Accept {
		if a.Backend != string(backend) {
			continue
		}
		if today.UTC().Truncate(24 * time.Hour).After(a.Until) {
			refusals = append(refusals, Refusal{
				At: a.UntilAt, Clause: a.Clause, Message: "this exception is past its date",
				Found: "until " + a.Until.Format(time.DateOnly), Expected: "a date from " + today.UTC().Format(time.DateOnly) + " on",
				Hint: "look at the reason again; then renew the date, or remove the exception",
			})
		}
		if !used[a.Clause] {
			unused = append(unused, a)
		}
	}
	return refusals, unused
}

func exceptionFor(p *policy.Policy, backend Backend, clause string) (policy.Accept, bool) {
	for _, a := range p.Accept {
		if a.Backend == string(backend) && a.Clause == clause {
			return a, true
		}
	}
	return policy.Accept{}, false
}
