//go:build linux

package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"confine/compiler"
	"confine/policy"
)

// Digests are the SHA-256 of what a stage was told, in hexadecimal, by the clause
// that each part decides. They show the runner that its words arrived as they were
// written. They stay on the control socket: that of a short secret gives it away.
type Digests map[string]string

const (
	// wholeOrder also covers what belongs to no clause.
	wholeOrder   = "order"
	wholeControl = "controls"
)

// digest takes the digests of an order and of controls as they were encoded.
func digest(order, controls []byte) (Digests, error) {
	var o Order
	if err := json.Unmarshal(order, &o); err != nil {
		return nil, fmt.Errorf("decode order: %w", err)
	}
	d := Digests{wholeOrder: sum(order), wholeControl: sum(controls)}
	for clause, part := range o.parts() {
		data, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("encode the part of the order for %s: %w", clause, err)
		}
		d[clause] = sum(data)
	}
	return d, nil
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// parts are what the order says of each clause.
func (o *Order) parts() map[string]any {
	e := o.Expectation
	parts := map[string]any{
		policy.ClauseNetworkMode:      e.Network,
		policy.ClauseFilesystem:       e.Landlock,
		policy.ClauseFilesystemLinks:  e.Aliases,
		policy.ClauseFilesystemProc:   e.Proc,
		policy.ClauseFilesystemDev:    e.Dev,
		policy.ClauseSyscallsBase:     e.Filter,
		policy.ClauseEnvironment:      o.Environment,
		policy.ClauseProcessUser:      []int{o.UID, o.GID},
		policy.ClauseProcessDirectory: o.Directory,
	}
	paths := map[string][]compiler.PathExpectation{}
	for _, p := range e.Paths {
		paths[clauseOf(p)] = append(paths[clauseOf(p)], p)
	}
	for clause, list := range paths {
		parts[clause] = list
	}
	canaries := map[string][]compiler.FilterCanary{}
	for _, c := range e.FilterCanaries {
		if c.Clause != policy.ClauseSyscallsBase {
			canaries[c.Clause] = append(canaries[c.Clause], c)
		}
	}
	for clause, list := range canaries {
		parts[clause] = list
	}
	for _, limit := range e.Rlimits {
		parts[policy.RlimitClause(limit.Name)] = limit.Value
	}
	return parts
}

// CheckDigests compares what a stage was told with what it heard, and names the
// clauses whose parts differ.
func CheckDigests(told, heard Digests) []Check {
	const asWritten = "as the runner wrote it"
	check := func(clause, subject string, same bool) Check {
		c := Check{Clause: clause, Subject: subject, Expected: asWritten, Found: asWritten, Status: Proven}
		if !same {
			c.Found, c.Status = "another", Failed
		}
		return c
	}
	checks := []Check{
		check(sandboxClause, "order to the stage", told[wholeOrder] == heard[wholeOrder]),
		check(sandboxClause, "controls of the launcher", told[wholeControl] == heard[wholeControl]),
	}
	all := maps.Clone(told)
	maps.Copy(all, heard)
	for _, clause := range slices.Sorted(maps.Keys(all)) {
		if clause != wholeOrder && clause != wholeControl && told[clause] != heard[clause] {
			checks = append(checks, check(clause, "order to the stage", false))
		}
	}
	return checks
}
