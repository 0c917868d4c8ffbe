//go:build linux

package stage

import "confine/policy"

// Status is the outcome of a check.
type Status string

// The outcomes.
const (
	// Proven means that the sandbox does what the clause says, and that a run
	// outside it, or before a restriction, showed otherwise.
	Proven Status = "proven"
	// Unproven means that nothing speaks against the clause, but that the host
	// offers no control that would tell the difference.
	Unproven Status = "not proven"
	// Failed means that the sandbox is not what the policy says.
	Failed Status = "failed"
)

// Check is one thing that attestation looked at. No check holds a secret: no
// values of the environment, no arguments, no file contents.
type Check struct {
	// Clause is the policy's clause, or "sandbox" for what every policy needs.
	Clause string `json:"clause"`
	// Subject is what was looked at.
	Subject  string          `json:"subject"`
	At       policy.Position `json:"at,omitzero"`
	Expected string          `json:"expected"`
	Found    string          `json:"found"`
	Status   Status          `json:"status"`
}

// sandboxClause is the clause of checks that no entry of the policy asks for.
const sandboxClause = "sandbox"

// equal is a check of a value that has to be the expected one.
func equal(clause, subject string, at policy.Position, expected, found string) Check {
	c := Check{Clause: clause, Subject: subject, At: at, Expected: expected, Found: found, Status: Proven}
	if expected != found {
		c.Status = Failed
	}
	return c
}
