package lint

var otherCapability = Rule{
	Code:     "CF504",
	Severity: Warning,
	Title:    "a capability that no connector needs",
	Why: `A program that reads its configuration, calls an API and writes records does so without any. Each capability opens code
of the kernel that is closed to everybody else (capabilities(7)), and with it whatever is wrong there.

No backend gives the program any capability, so that a policy which keeps one is refused by ` + "`confine compile`" + ` and ` + "`confine run`" + `.`,
	Instead: "Take it out.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = [\"CAP_SYS_TIME\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = []\n"},
	check:   func(s *Subject) []Found { return keptCapabilities(s, capabilityOther) },
}
