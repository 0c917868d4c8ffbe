//go:build linux

package stage

import (
	"fmt"
	"strings"

	"confine/policy"
)

// ProcStatus is what proc_pid_status(5) says of a process, by field name.
type ProcStatus map[string]string

// ParseProcStatus reads the text of /proc/PID/status.
func ParseProcStatus(text string) ProcStatus {
	s := ProcStatus{}
	for _, line := range strings.Split(text, "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok {
			s[key] = strings.Join(strings.Fields(value), " ")
		}
	}
	return s
}

// Identity is what a process of a sandbox must be.
type Identity struct {
	UID, GID int
	// Groups are the supplementary groups, and Bounding the capability bounding set, as in
	// proc_pid_status(5). Both are empty but for an ordinary caller without a wrapper, who
	// cannot give them up.
	Groups, Bounding string
	// Filters is how many seccomp filters it must run under.
	Filters int
}

// noCapabilities is an empty set of capabilities(7).
const noCapabilities = "0000000000000000"

// CheckIdentity compares privileges and ids of a process with what the policy
// leaves it.
func CheckIdentity(seen string, s ProcStatus, want Identity) []Check {
	check := func(clause, subject, field, expected string) Check {
		return equal(clause, subject+seen, policy.Position{}, expected, s[field])
	}
	four := func(id int) string { return strings.TrimSpace(strings.Repeat(fmt.Sprint(id)+" ", 4)) }
	mode := "2"
	if want.Filters == 0 {
		mode = "0"
	}
	checks := []Check{
		check(sandboxClause, "NoNewPrivs", "NoNewPrivs", "1"),
		check(sandboxClause, "seccomp mode", "Seccomp", mode),
		check(sandboxClause, "seccomp filters", "Seccomp_filters", fmt.Sprint(want.Filters)),
		check("process.user", "user ids", "Uid", four(want.UID)),
		check("process.user", "group ids", "Gid", four(want.GID)),
		check("process.user", "supplementary groups", "Groups", want.Groups),
	}
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		expected := noCapabilities
		if set == "CapBnd" && want.Bounding != "" {
			expected = want.Bounding
		}
		checks = append(checks, check("capabilities.keep", set, set, expected))
	}
	return checks
}
