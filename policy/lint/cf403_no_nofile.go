package lint

var noNofile = Rule{
	Code:     "CF403",
	Severity: Info,
	Title:    "nothing bounds how many files are open",
	Why: `Every open file and connection takes memory of the kernel, which neither ` + "`rlimits.as`" + ` nor the program's own size shows. Without
` + "`rlimits.nofile`" + ` the caller's limit holds: 1024 in a login shell, a million in many containers. The program then behaves differently
in the two places, and nobody sees why.`,
	Instead: "Bound it. A read of a low-code connector opens some 24 files; every concurrent stream adds connections.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnofile = 1024\n"},
	check: func(s *Subject) []Found {
		if _, ok := s.rlimit("nofile"); ok {
			return nil
		}
		return []Found{{Hint: tableHint("rlimits", "nofile = 1024")}}
	},
}
