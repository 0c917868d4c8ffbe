package lint

var idleRule = Rule{
	Code:     "CF619",
	Severity: Info,
	Title:    "a rule that takes nothing away",
	Why: `Rules narrow what the base list and ` + "`allow`" + ` give. Where the list already denies what the rules would, they read as a bound
and are none. They do hold where a policy that extends this one changes the list.`,
	Instead: "Remove the rules, or narrow them to what the program needs.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 in [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK]"]
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 in [AF_UNIX, AF_INET, AF_INET6]"]
`},
	check: func(s *Subject) []Found {
		set := s.Policy.Syscalls.Set()
		var found []Found
		seen := map[string]bool{}
		for _, rule := range s.Policy.Syscalls.Rules {
			if seen[rule.Syscall] || !s.own(rule.At) {
				continue
			}
			seen[rule.Syscall] = true
			before := about(set, rule.Syscall)
			before.Rules = nil
			if _, closes := difference(before, set, rule.Syscall); !closes {
				found = append(found, Found{
					At:      rule.SyscallAt,
					Message: "the rules for " + rule.Syscall + " take nothing away from " + s.Policy.Syscalls.Base,
				})
			}
		}
		return found
	},
}
