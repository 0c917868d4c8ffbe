package lint

var noNproc = Rule{
	Code:     "CF402",
	Severity: Warning,
	Title:    "nothing bounds how many processes and threads there are",
	Why: `A program that starts itself twice, again and again, takes every process id and the memory of the machine in seconds, and a
shell for the rescue no longer starts. Without ` + "`rlimits.nproc`" + `, and without ` + "`process.pids`" + `, the caller's
limit holds, by default half of what the machine could hold. Both count threads too: nproc those of one user (setrlimit(2)), pids
those of the sandbox.`,
	Instead: "Bound it, with some room for the threads that libraries start: a low-code connector does with 5, Node with 8. `process.pids` takes a root\ncaller, or a container with a limit of its own, and counts what the backend needs too.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnproc = 256\n"},
	check: func(s *Subject) []Found {
		if _, ok := s.rlimit("nproc"); ok || s.Policy.Process.Pids > 0 {
			return nil
		}
		return []Found{{Hint: tableHint("rlimits", "nproc = 256")}}
	},
}
