package lint

var idleLimit = Rule{
	Code:     "CF408",
	Severity: Info,
	Title:    "a limit that bounds nothing",
	Why: `The kernel or the machine ends before the value does, so that the line reads as a bound and is none. A ` + "`nofile`" + ` above fs.nr_open
cannot even be set: the launch is refused. The bounds are 4194304 process ids (proc(5), kernel.pid_max), 1048576 files for fs.nr_open
unless the machine raises it (proc(5)), 128 TiB of addresses for a process on x86_64, unless it asks for more (x86/mm.rst of the
kernel's documentation), and 16 TiB for a file on ext4 with blocks of 4 KiB.`,
	Instead: "State what the program needs, or leave the line out: the caller's limit is then inherited, and says so.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnproc = 100000000\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnproc = 256\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, most := range []struct {
			name  string
			value uint64
			why   string
			hint  string
		}{
			{"as", 128<<40 - 1, "a process on x86_64 has 128TiB of addresses", `as = "4GiB"`},
			{"data", 128<<40 - 1, "a process on x86_64 has 128TiB of addresses", `data = "2GiB"`},
			{"stack", 128<<40 - 1, "a process on x86_64 has 128TiB of addresses", `stack = "8MiB"`},
			{"fsize", 16 << 40, "ext4 takes no file above 16TiB", `fsize = "16GiB"`},
			{"nofile", 1 << 20, "fs.nr_open is 1048576 unless the machine raises it, and more cannot be set", "nofile = 1024"},
			{"nproc", 1 << 22, "Linux has 4194304 process ids", "nproc = 256"},
		} {
			if limit, ok := s.rlimit(most.name); ok && limit.Value > most.value {
				found = append(found, Found{At: limit.At, Message: stated(s, limit) + ", which bounds nothing", Notes: []string{most.why}, Hint: most.hint})
			}
		}
		return found
	},
}
