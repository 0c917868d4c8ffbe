package lint

var hiddenFlags = Rule{
	Code:     "CF611",
	Severity: Warning,
	Title:    "a call whose flags no filter can read",
	Why: `The flags of clone3(2) lie in memory, and a filter sees registers alone. Who may make the call may make user namespaces, and
has all capabilities in them: much code of the kernel that is otherwise closed is then open. The base lists answer it with ENOSYS, and
the C libraries take clone instead, whose flags are looked at. openat2(2) keeps its mode in memory likewise, and with it the
set-user-ID bits that the base lists keep from files.`,
	Instead: "Take it out: libc falls back to the older call.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"clone3\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"clone3", "no filter can tell whether it makes namespaces"},
			{"openat2", "no filter can tell whether it makes set-user-ID files"},
		})
	},
}
