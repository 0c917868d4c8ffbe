package lint

var givingLimit = Rule{
	Code:     "CF409",
	Severity: Warning,
	Title:    "a limit that gives the program more than others have",
	Why: `A few limits are permissions. By default the kernel gives a process no higher priority (nice 20 or less), no real-time priority
(rtprio 0), 8 MiB of memory that is never paged out (64 KiB before Linux 5.16), and 800 KiB of message queues
(include/asm-generic/resource.h, setrlimit(2)). Above that the program takes from everybody else on the machine: a
real-time process that spins keeps a processor for itself. An ordinary caller cannot give what it does not have, and its
launch is refused; a root caller can.`,
	Instead: "Leave the line out, or state what every process has anyway.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nrtprio = 50\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nrtprio = 0\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, most := range []struct {
			name  string
			value uint64
			gives string
			hint  string
		}{
			{"memlock", 8 << 20, "memory of the machine that is never paged out", `memlock = "64KiB"`},
			{"msgqueue", 800 << 10, "memory of the kernel for message queues", `msgqueue = "800KiB"`},
			{"nice", 20, "priority over every other process", "nice = 20"},
			{"rtprio", 0, "real-time priority, before every other process", "rtprio = 0"},
		} {
			if limit, ok := s.rlimit(most.name); ok && limit.Value > most.value {
				found = append(found, Found{At: limit.At, Message: stated(s, limit) + ", more than others have", Notes: []string{"it gives " + most.gives}, Hint: most.hint})
			}
		}
		return found
	},
}
