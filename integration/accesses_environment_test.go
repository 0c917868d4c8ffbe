//go:build linux

package integration

import "testing"

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
	w.attempts = append(w.attempts,
		attempt{access: "env KEEP", deed: "value KEEP=a"},
		attempt{access: "env FIXED", deed: "value FIXED=inside", control: byNobody, because: "outside it is another"},
		attempt{access: "env FIXED", deed: "value FIXED=outside", inside: `"inside"`, clause: "environment.set", because: says},
		attempt{access: "env PRE_FIXED", deed: "value PRE_FIXED=outside", inside: `"inside"`, because: says},
	)
	bare := world{name: "no environment", policy: accessPolicy(t, nil, nil, "", ""), environment: caller}
	for _, name := range []string{"KEEP", "PATH", "HOME", "LD_PRELOAD", "container"} {
		bare.attempts = append(bare.attempts, attempt{access: "env " + name})
	}
	return []world{w, bare}
}
