package lint

var kernelPrograms = Rule{
	Code:     "CF603",
	Severity: Error,
	Title:    "a call that loads programs into the kernel",
	Why: `bpf(2) hands code to the kernel, which checks it and runs it with all its rights. That check was wrong time and again, each time a way from
any user to root: CVE-2020-8835, CVE-2021-3490, CVE-2022-23222. Machines with kernel.unprivileged_bpf_disabled refuse it to programs
without capabilities; a policy cannot know whether its machine does.`,
	Instead: "Take it out. No connector loads BPF.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"bpf\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"bpf", "it hands programs to the kernel, which was a way to root time and again"},
		})
	},
}
