package lint

var rootCapability = Rule{
	Code:     "CF501",
	Severity: Error,
	Title:    "a capability that is root by another name",
	Why: `Each of these capabilities leads to all of them: by loading code into the kernel, reading or owning any file, becoming any user,
or taking over another process (capabilities(7)). A program that has one needs no other hole in the sandbox.

No backend gives the program any capability, so that a policy which keeps one is refused by ` + "`confine compile`" + ` and ` + "`confine run`" + `.`,
	Instead: "Take it out. What needs such a right belongs into a program of the operator's, which runs before or beside the sandbox.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = [\"CAP_SYS_ADMIN\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = []\n"},
	check:   func(s *Subject) []Found { return keptCapabilities(s, capabilityRoot) },
}
