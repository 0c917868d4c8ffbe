package lint

var observers = Rule{
	Code:     "CF609",
	Severity: Error,
	Title:    "calls that observe the machine",
	Why: `perf_event_open(2) counts and samples what runs, other processes and the kernel too where kernel.perf_event_paranoid is
low, and is a large part of the kernel with a history: CVE-2013-2094 made root of any user. syslog(2) reads the kernel's log, whose addresses are
what an exploit looks for first, where kernel.dmesg_restrict is 0.`,
	Instead: "Take it out. Measure outside of the sandbox.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"perf_event_open\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"perf_event_open", "it observes other processes and the kernel"},
			{"syslog", "it reads the kernel's log"},
			{"lookup_dcookie", "it tells the paths of files that it may not see"},
		})
	},
}
