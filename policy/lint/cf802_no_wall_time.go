package lint

var noWallTime = Rule{
	Code:     "CF802",
	Severity: Warning,
	Title:    "nothing ends a run that never ends by itself",
	Why: `Without ` + "`process.wall_time`" + ` a program that hangs, mines or waits runs until somebody notices. rlimits.cpu does not end
one that sleeps.`,
	Instead: "Give it the time that the longest honest run takes, and some more.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[process]\nwall_time = \"24h\"\n"},
	check: func(s *Subject) []Found {
		if s.Policy.Process.WallTime > 0 {
			return nil
		}
		return []Found{{Hint: tableHint("process", `wall_time = "24h"`)}}
	},
}
