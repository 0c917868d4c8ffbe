package lint

var noMemory = Rule{
	Code:     "CF404",
	Severity: Warning,
	Title:    "nothing bounds the program's memory",
	Why: `Neither ` + "`rlimits.as`" + `, which bounds the addresses of each process, nor ` + "`process.memory`" + `, which bounds all of them together, is set. A
program that reads a large answer at once, or means to, takes the memory of the machine, and the kernel then ends
processes of its own choice, of anybody's.`,
	Instead: "Bound the addresses of a process, as below, or better the memory of the whole run: `process.memory` takes a root caller,\nor a container with a limit that is no higher.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nas = \"4GiB\"\n"},
	check: func(s *Subject) []Found {
		if _, ok := s.rlimit("as"); ok || s.Policy.Process.Memory > 0 {
			return nil
		}
		return []Found{{Hint: tableHint("rlimits", `as = "4GiB"`)}}
	},
}
