package lint

import (
	"strings"

	"confine/policy/syscalls"
)

var killingBase = Rule{
	Code:     "CF618",
	Severity: Warning,
	Title:    "interpreters are killed for a harmless call",
	Why: `Under ` + "`on_deny = \"kill\"`" + ` the first denied call ends the process with SIGSYS. Python and Node ask sysinfo(2) how much memory there is, and sh
getppid(2) who started it; the base list connector has neither, and under "errno" both go on without. So each is killed when it starts.`,
	Instead: "Allow the two calls, or take the base `default`, which has them.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\non_deny = \"kill\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase    = \"default\"\non_deny = \"kill\"\n"},
	check: func(s *Subject) []Found {
		if s.Policy.Syscalls.OnDeny != syscalls.DenyKill {
			return nil
		}
		var lost, who []string
		for _, c := range []opening{{"sysinfo", "Python makes sysinfo"}, {"getppid", "sh makes getppid"}} {
			if _, ok := s.maybe(c.call); !ok {
				lost, who = append(lost, `"`+c.call+`"`), append(who, c.gives)
			}
		}
		if lost == nil {
			return nil
		}
		return []Found{{
			At: s.Policy.Syscalls.OnDenyAt, Message: strings.Join(who, ", ") + ": denied, and so killed",
			Hint: tableHint("syscalls", "allow = ["+strings.Join(lost, ", ")+"]"),
		}}
	},
}
