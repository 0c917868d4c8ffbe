package lint

import "confine/policy"

var deadlyLimit = Rule{
	Code:     "CF405",
	Severity: Error,
	Title:    "no interpreter starts with a limit this small",
	Why: `The program would end before its first line, with messages that name no limit: "cannot allocate memory", "error while loading shared
libraries", SIGSEGV. Measured on x86_64, Linux 6.18, with Python 3.11 that imports ssl and starts a thread; Node 20
and most Go programs need more of each.

| limit | the least with which it ran |
| --- | --- |
| as | 32 MiB |
| data | 18 MiB |
| stack | 76 KiB |
| nofile | 5 |
| nproc | 2 |`,
	Instead: "Give it at least what it starts with; what a run needs on top shows when one is measured.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnofile = 3\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnofile = 1024\n"},
	check: func(s *Subject) []Found {
		return tooSmall(s, deadly, "%s: Python 3.11 did not start below %s")
	},
}

// deadly are the least limits with which a small Python program was seen to run, as and
// data rounded down.
var deadly = []leastLimit{
	{"as", 31 << 20, "32MiB", `as = "4GiB"`},
	{"data", 17 << 20, "18MiB", `data = "2GiB"`},
	{"stack", 76 << 10, "76KiB", `stack = "8MiB"`},
	{"nofile", 5, "5", "nofile = 1024"},
	{"nproc", 2, "2", "nproc = 256"},
}

// isDeadly reports whether a limit is one of them, and smaller.
func isDeadly(limit policy.Rlimit) bool {
	for _, l := range deadly {
		if l.name == limit.Name {
			return limit.Value < l.value
		}
	}
	return false
}
