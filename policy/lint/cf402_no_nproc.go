package lint

var noNproc = Rule{
	Code:     "CF402",
	Severity: Warning,
	Title:    "nothing bounds how many processes and threads there are",
	Why: `A program that starts itself twice, again and again, takes every process id and the memory of the machine in seconds, and a
shell for the rescue no longer starts. Without ` + "`rlimits.nproc`" + ` the caller's limit holds, by default half of what the machine could hold.
setrlimit(2): it counts threads too, of one user.`,
	Instead: "Bound it, with some room for the threads that libraries start: a low-code connector does with 5, Node with 8.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnproc = 256\n"},
	check: func(s *Subject) []Found {
		if _, ok := s.rlimit("nproc"); ok {
			return nil
		}
		return []Found{{Hint: tableHint("rlimits", "nproc = 256")}}
	},
}
