package lint

// leastAddresses is the address space with which a small read was seen to work, in bytes.
const leastAddresses = 300 << 20

var smallLimit = Rule{
	Code:     "CF410",
	Severity: Warning,
	Title:    "a limit smaller than what a small sync of a low-code connector takes",
	Why: `The program starts, and ends somewhere in the middle: a thread that cannot be started, a file that cannot be opened, SIGKILL. Measured
with Airbyte's source-declarative-manifest, one small read with three workers:

| limit | not with | with |
| --- | --- | --- |
| as | not tried | 300 MiB |
| nofile | 16 | 24 |
| nproc | 3 | 5 |
| cpu | 3 s | it took 3.4 s |`,
	Instead: "Give it what a long run takes; a limit is there to stop what runs away.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnofile = 16\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nnofile = 1024\n"},
	check: func(s *Subject) []Found {
		var least []leastLimit
		for _, l := range []leastLimit{
			{"as", leastAddresses, "300MiB", `as = "2GiB"`},
			{"cpu", 4, "4s", `cpu = "5m"`},
			{"nofile", 24, "24", "nofile = 1024"},
			{"nproc", 5, "5", "nproc = 256"},
		} {
			if limit, ok := s.rlimit(l.name); ok && !isDeadly(limit) {
				least = append(least, l)
			}
		}
		return tooSmall(s, least, "%s: a small read ran with %s")
	},
}
