//go:build linux

package integration

import (
	"testing"

	"confine/policy"
)

// environmentWorlds pass, set and remove variables of the caller.
func environmentWorlds(t *testing.T) []world {
	caller := []string{
		"KEEP=a", "PRE_X=b", "PRE_=c", "PRE=d", "KEEPER=e", "DROP=f", "FIXED=outside", "PRE_FIXED=outside",
		"LD_PRELOAD=/nonexistent", "LD_LIBRARY_PATH=/nonexistent", "API_TOKEN=g", "container=docker", "HOME=/root",
		"PATH=/usr/bin:/bin", "EMPTY=",
	}
	tables := `[environment]
pass = ["KEEP", "PRE_*", "EMPTY"]
set = { FIXED = "inside", PRE_FIXED = "inside" }
`
	const says = "the language has no access to a value"
	w := world{name: "environment", policy: accessPolicy(t, nil, nil, "", tables), environment: caller}
	for _, name := range []string{
		"KEEP", "PRE_X", "PRE_", "EMPTY", "FIXED", "PRE_FIXED",
		"PRE", "KEEPER", "DROP", "LD_PRELOAD", "LD_LIBRARY_PATH", "API_TOKEN", "container", "HOME", "PATH",
	} {
		w.attempts = append(w.attempts, attempt{access: "env " + name})
	}
	value := func(text, inside, clause string) attempt {
		a := attempt{deed: "value " + text, inside: inside, clause: clause, because: says}
		if inside == "ok" && clause == policy.ClauseEnvironmentSet {
			a.control, a.because = byNobody, says+"; outside it is another"
		}
		return a
	}
	w.attempts = append(w.attempts,
		value("KEEP=a", "ok", policy.ClauseEnvironmentPass),
		value("PRE_X=b", "ok", policy.ClauseEnvironmentPass),
		value("EMPTY=", "ok", policy.ClauseEnvironmentPass),
		value("FIXED=inside", "ok", policy.ClauseEnvironmentSet),
		value("FIXED=outside", `"inside"`, policy.ClauseEnvironmentSet),
		value("PRE_FIXED=inside", "ok", policy.ClauseEnvironmentSet),
		value("PRE_FIXED=outside", `"inside"`, policy.ClauseEnvironmentSet),
	)
	bare := world{name: "no environment", policy: accessPolicy(t, nil, nil, "", ""), environment: caller}
	for _, name := range []string{"KEEP", "PATH", "HOME", "LD_PRELOAD", "container"} {
		bare.attempts = append(bare.attempts, attempt{access: "env " + name})
	}
	return []world{w, bare, patternWorld(t)}
}

// patternWorld has names before, at and behind the end of prefixes of every length.
func patternWorld(t *testing.T) world {
	w := world{name: "prefixes", policy: accessPolicy(t, nil, nil, "", "[environment]\npass = [\"A*\", \"BC_*\", \"D\", \"d*\", \"__*\"]\n")}
	for _, name := range []string{
		"A", "AA", "A_", "A1", "AZURE", "a", "B", "BC", "BC_", "BC_1", "BC_BC_", "BCD", "BC1", "bc_x",
		"D", "D_", "DD", "d", "dd", "d_D", "_", "__", "__x", "_x", "E",
	} {
		w.environment = append(w.environment, name+"=1")
		w.attempts = append(w.attempts, attempt{access: "env " + name})
	}
	return w
}
