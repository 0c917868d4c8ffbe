package lint

import "confine/policy"

var coreFiles = Rule{
	Code:     "CF401",
	Severity: Warning,
	Title:    "a crash leaves the program's memory in a file",
	Why: `A core file is the memory of the program at its end: its configuration, tokens and the records that it was reading, in
the working directory or wherever ` + "`kernel.core_pattern`" + ` says, after the run. Any signal of a crash writes one, so a program can also
make one on purpose. Without a limit the caller's holds, which many machines raise.

Where ` + "`kernel.core_pattern`" + ` pipes to a program, as systemd-coredump does, no limit holds (core(5)): that is the machine's to switch off.`,
	Instead: "Say that there are none.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\ncore = \"1GiB\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\ncore = 0\n"},
	check: func(s *Subject) []Found {
		limit, ok := s.rlimit("core")
		switch {
		case !ok:
			return []Found{{Message: "core files are not switched off", Hint: tableHint("rlimits", "core = 0")}}
		case limit.Value > 0:
			return []Found{{At: limit.At, Message: stated(s, limit) + ": a crash leaves the program's memory in a file", Hint: "core = 0"}}
		}
		return nil
	},
}

// stated says what a limit is, in its unit: "rlimits.as is 4GiB".
func stated(s *Subject, limit policy.Rlimit) string {
	return s.Policy.Decide(policy.Access{Kind: policy.AccessRlimit, Target: limit.Name, Value: limit.Value}).Because
}
