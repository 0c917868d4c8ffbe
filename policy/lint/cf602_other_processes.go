package lint

var otherProcesses = Rule{
	Code:     "CF602",
	Severity: Error,
	Title:    "calls that reach into other processes",
	Why: `The program could read the memory of every process of its user that it can see, and write into it: credentials of the
one and code of the other (ptrace(2), process_vm_readv(2), pidfd_getfd(2)). What keeps it out is then only the PID namespace and
kernel.yama.ptrace_scope, which is 0 on many machines.`,
	Instead: "Take it out. A debugger belongs outside of the sandbox.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"ptrace\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"ptrace", "it reads and changes the memory and the calls of another process"},
			{"process_vm_readv", "it reads the memory of another process"},
			{"process_vm_writev", "it changes the memory of another process"},
			{"pidfd_getfd", "it takes open files and connections from another process"},
			{"kcmp", "it tells which files and memory two processes share"},
			{"process_madvise", "it pushes the memory of another process out"},
		})
	},
}
