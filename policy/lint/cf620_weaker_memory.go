package lint

var weakerMemory = Rule{
	Code:     "CF620",
	Severity: Warning,
	Title:    "calls that weaken the program's own protection",
	Why: `With personality(2) a program takes the randomness out of its addresses and makes all readable memory executable, which is the half of an
exploit against itself. modify_ldt(2) adds to the table from which the processor makes addresses, by code that
kernels can be built without; vmsplice(2) was a way to root in CVE-2008-0600. remap_file_pages(2) is deprecated since Linux 3.16.`,
	Instead: "Take it out. Emulators and debuggers need these, a connector does not.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"personality\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"personality", "it switches off the randomness of addresses and makes readable memory executable"},
			{"modify_ldt", "it changes how the processor reads memory"},
			{"remap_file_pages", "it maps files out of order, by code of the kernel that nothing else reaches"},
			{"vmsplice", "it lends its pages to a pipe while it still changes them"},
		})
	},
}
