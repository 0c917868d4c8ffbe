package lint

var ioUring = Rule{
	Code:     "CF604",
	Severity: Error,
	Title:    "calls that no filter sees",
	Why: `What a ring of io_uring asks for, the kernel does itself, and no filter is asked: openat, connect and sendmsg go past deny and past every condition
of the base list (io_uring(7), Linux 5.1). Six of ten kernel exploits that Google was sent for its rewards in 2022 went through it. firejail and Landlock still hold what concerns paths.`,
	Instead: "Take them out. Libraries that know io_uring fall back to epoll when it is missing.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"io_uring_setup\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"io_uring_setup", "what its rings ask for passes no filter"},
			{"io_uring_enter", "what its rings ask for passes no filter"},
			{"io_uring_register", "what its rings ask for passes no filter"},
		})
	},
}
