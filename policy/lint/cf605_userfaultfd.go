package lint

var faultHandling = Rule{
	Code:     "CF605",
	Severity: Warning,
	Title:    "a call that halts the kernel in the middle of its work",
	Why: `With userfaultfd(2) the program says when the kernel may go on after touching a page of the program's. Exploits of races
in the kernel take it to make a moment as long as they need. Since Linux 5.11 faults in the kernel itself take
a capability, unless vm.unprivileged_userfaultfd is 1; before, anybody has them.`,
	Instead: "Take it out. Live migration of virtual machines needs it, a connector does not.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"userfaultfd\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"userfaultfd", "it halts the kernel at a page of its own, which exploits of races need"},
		})
	},
}
