package lint

var vitalCall = Rule{
	Code:     "CF617",
	Severity: Error,
	Title:    "deny names a call without which programs do not run",
	Why: `The program ends before its first line, or never ends: the dynamic loader maps libraries with these calls, threads wait with them, and
processes end with them. The messages do not name the call. Each was taken away from sh, Python 3.11, Node 20 and a static program of Go 1.26
on x86_64, and at least one of them did not run.`,
	Instead: "Take it out. What the program may open or start is for [filesystem] to say.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\ndeny = [\"futex\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\ndeny = [\"kill\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, v := range vitalCalls {
			if e, ok := entryOf(s.Policy.Syscalls.Deny, v.call); ok {
				found = append(found, Found{At: e.At, Message: v.call + " is denied: " + v.gives, Hint: s.takeOut(e.At, "syscalls", "deny", v.call)})
			}
		}
		return found
	},
}

// vitalCalls are calls that programs were seen not to run without, and what happens.
var vitalCalls = []opening{
	{"arch_prctl", "on x86_64 no program starts"},
	{"clone", "Go programs do not start, nor does any thread"},
	{"close", "the dynamic loader loads no library"},
	{"exit_group", "Go and Node programs never end"},
	{"fcntl", "Python, Node and Go do not start"},
	{"fstat", "Node does not start"},
	{"futex", "Python, Node and Go do not start"},
	{"getdents64", "Python does not find its modules"},
	{"getrandom", "Node does not start"},
	{"mmap", "no program starts"},
	{"mprotect", "the dynamic loader loads no library"},
	{"munmap", "Node does not start"},
	{"newfstatat", "the dynamic loader loads no library"},
	{"openat", "the dynamic loader loads no library"},
	{"pread64", "the dynamic loader loads no library"},
	{"read", "the dynamic loader loads no library"},
	{"rt_sigaction", "Go and Node programs do not start"},
	{"rt_sigprocmask", "Go and Node programs do not start"},
	{"sigaltstack", "Go programs do not start"},
	{"write", "the program says nothing"},
}
