package lint

import "fmt"

var smallAddresses = Rule{
	Code:     "CF411",
	Severity: Info,
	Title:    "an address space too small for Go and Node programs",
	Why: `rlimits.as counts addresses, not memory. Both runtimes reserve a great deal of them when they start, and use little: on x86_64
a static program of Go 1.26 started with 688 MiB, Node 20 with 712 MiB, and neither with less. Python and shells do with less.`,
	Instead: "Give them a gigabyte and more, and bound memory itself with `process.memory`, where the caller is root.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nas = \"512MiB\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nas = \"2GiB\"\n"},
	check: func(s *Subject) []Found {
		limit, ok := s.rlimit("as")
		if !ok || limit.Value >= 688<<20 || limit.Value < leastAddresses {
			return nil
		}
		return []Found{{
			At: limit.At, Hint: `as = "2GiB"`,
			Message: fmt.Sprintf("%s: Go and Node programs did not start below 688MiB", stated(s, limit)),
		}}
	},
}
