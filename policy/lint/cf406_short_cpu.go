package lint

import "time"

// shortFraction is the part of wall_time below which cpu is likely to end a run first: a
// small read of the low-code connector computes for seven tenths of its time.
const shortFraction = 4

var shortCPU = Rule{
	Code:     "CF406",
	Severity: Info,
	Title:    "cpu ends a busy run long before wall_time does",
	Why: `rlimits.cpu counts the seconds that a process computes, over all its threads, and SIGXCPU or SIGKILL then ends it, mid-record and
without a word (setrlimit(2)). A short read of the low-code connector computed for 3.4 of 4.7 seconds: a run that is
busy throughout reaches a small cpu limit long before the time that the policy gives it.`,
	Instead: "Let wall_time end the run, which confine says with exit code 124, and give cpu about as much, or leave it out.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\ncpu = \"2m\"\n\n[process]\nwall_time = \"72h\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\ncpu = \"72h\"\n\n[process]\nwall_time = \"72h\"\n"},
	check: func(s *Subject) []Found {
		limit, ok := s.rlimit("cpu")
		wall := s.Policy.Process.WallTime
		if !ok || limit.Value >= uint64(wall/time.Second)/shortFraction {
			return nil
		}
		return []Found{{
			At:      limit.At,
			Message: stated(s, limit) + ": a busy run ends there, long before its wall_time",
			Notes:   []string{"wall_time at  " + s.Policy.Process.WallTimeAt.String()},
		}}
	},
}
