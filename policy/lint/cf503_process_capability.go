package lint

var processCapability = Rule{
	Code:     "CF503",
	Severity: Error,
	Title:    "a capability over other processes and the kernel",
	Why: `The program could signal, observe or slow down what does not belong to it, or lift the limits that the policy sets
(capabilities(7)). A connector has no business with any process but its own, and those it may signal anyway.

No backend gives the program any capability, so that a policy which keeps one is refused by ` + "`confine compile`" + ` and ` + "`confine run`" + `.`,
	Instead: "Take it out. A limit that is too small is better raised in [rlimits].",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = [\"CAP_SYS_RESOURCE\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = []\n"},
	check:   func(s *Subject) []Found { return keptCapabilities(s, capabilityProcesses) },
}
