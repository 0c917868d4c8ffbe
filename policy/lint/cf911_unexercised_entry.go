package lint

import (
	"fmt"
	"slices"
	"strings"

	"confine/policy"
)

var unexercisedEntry = Rule{
	Code:     "CF911",
	Severity: Info,
	Title:    "no test exercises an entry",
	Why: `If the entry is taken away, every test still passes: nobody wrote down what it is for, and nobody would notice that
it went, or that another one now says the same.`,
	Instead: "Add a case with an access that this entry alone decides. `confine test --coverage` lists them all.",
	Bad: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\", \"/etc/hosts\"]\n",
		Tests:  "[[case]]\nname  = \"certificates\"\nallow = [\"read /etc/ssl/certs/ca-certificates.crt\"]\ndeny  = [\"read /etc/shadow\"]\n",
	},
	Good: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\", \"/etc/hosts\"]\n",
		Tests:  "[[case]]\nname  = \"certificates and names\"\nallow = [\"read /etc/ssl/certs/ca-certificates.crt\", \"read /etc/hosts\"]\ndeny  = [\"read /etc/shadow\"]\n",
	},
	check: func(s *Subject) []Found {
		if s.Tests == nil {
			return nil
		}
		entries, err := s.Tests.Unexercised(s.resolve)
		if err != nil {
			return nil // tests that cannot be run have a rule of their own
		}
		idle := idleDenials(s)
		var found []Found
		for _, e := range entries {
			// A base has tests of its own, and no test can miss what changes nothing.
			if s.own(e.At) && !slices.ContainsFunc(idle, func(d policy.SyscallEntry) bool { return d.At == e.At }) {
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("no test exercises %s %s", e.Clause, e.Subject),
					Hint: s.exercise(e),
				})
			}
		}
		return found
	},
}

// exercise is a case that most likely exercises an entry; empty where that takes thought.
func (s *Subject) exercise(e policy.Entry) string {
	expected, verb := "allow", ""
	switch e.Clause {
	case policy.ClauseFilesystemRead, policy.ClauseFilesystemExec, policy.ClauseFilesystemMap, policy.ClauseFilesystemWrite:
		verb = strings.TrimPrefix(e.Clause, "filesystem.")
	case policy.ClauseFilesystemTmp:
		verb = string(policy.AccessWrite)
	case policy.ClauseFilesystemHide:
		expected, verb = "deny", string(policy.AccessRead)
	case policy.ClauseNetworkEgress:
		verb = string(policy.AccessConnect)
	case policy.ClauseEnvironmentPass, policy.ClauseEnvironmentSet:
		verb = string(policy.AccessEnv)
	case policy.ClauseSyscallsAllow:
		verb = string(policy.AccessSyscall)
	case policy.ClauseSyscallsDeny:
		expected, verb = "deny", string(policy.AccessSyscall)
	}
	access := verb + " " + e.Subject
	if _, err := policy.ParseAccess(access); verb == "" || err != nil || strings.ContainsAny(e.Subject, "*${?") {
		return ""
	}
	return s.testsHint("add to", "name = "+quote(strings.ReplaceAll(access, "\"", "")), expected+" = ["+quote(access)+"]")
}
