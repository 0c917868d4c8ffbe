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

// CheckIdentity compares privileges and ids of a process with what the policy
// leaves it. filters is how many seccomp filters it must run under.
func CheckIdentity(seen string, s ProcStatus, uid, gid, filters int) []Check {
	check := func(clause, subject, field, expected string) Check {
		return equal(clause, subject+seen, policy.Position{}, expected, s[field])
	}
	four := func(id int) string { return strings.TrimSpace(strings.Repeat(fmt.Sprint(id)+" ", 4)) }
	const empty = "0000000000000000"
	checks := []Check{
		check(sandboxClause, "NoNewPrivs", "NoNewPrivs", "1"),
		check(sandboxClause, "seccomp mode", "Seccomp", "2"),
		check(sandboxClause, "seccomp filters", "Seccomp_filters", fmt.Sprint(filters)),
		check("process.user", "user ids", "Uid", four(uid)),
		check("process.user", "group ids", "Gid", four(gid)),
		check("process.user", "supplementary groups", "Groups", ""),
	}
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		checks = append(checks, check("capabilities.keep", set, set, empty))
	}
	return checks
}
