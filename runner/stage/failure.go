//go:build linux

package stage

import (
	"errors"

	"confine/policy"
)

// clauseError says which clause could not be enforced.
type clauseError struct {
	clause string
	at     policy.Position
	err    error
}

func (e *clauseError) Error() string { return e.err.Error() }

func (e *clauseError) Unwrap() error { return e.err }

// Incomplete is the check of a sandbox that ended, or was ended, before a check of
// its own failed.
func Incomplete(why error) Check {
	return Check{Clause: sandboxClause, Subject: "attestation", Expected: "complete", Found: why.Error(), Status: Failed}
}

// failedCheck is the check that a failure of the stage amounts to: of the clause
// that it is about, or of the sandbox as a whole.
func failedCheck(err error) Check {
	c := Check{
		Clause: sandboxClause, Subject: "what the stage adds", Expected: "in place", Found: err.Error(), Status: Failed,
	}
	var about *clauseError
	if errors.As(err, &about) {
		c.Clause, c.At = about.clause, about.at
	}
	return c
}
