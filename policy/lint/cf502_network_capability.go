package lint

var networkCapability = Rule{
	Code:     "CF502",
	Severity: Error,
	Title:    "a capability that reaches around the policy's network",
	Why: `With NET_ADMIN the rules that enforce [network] can be changed, with NET_RAW packets go past them and those of others are read;
NET_BIND_SERVICE lets the program pose as a service of the machine (capabilities(7)). Connectors open connections to ports of
others, and that takes no capability.

No backend gives the program any capability, so that a policy which keeps one is refused by ` + "`confine compile`" + ` and ` + "`confine run`" + `.`,
	Instead: "Take it out. Name hosts in `egress`; let a server listen on a port from 1024 on.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = [\"CAP_NET_RAW\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = []\n"},
	check:   func(s *Subject) []Found { return keptCapabilities(s, capabilityNetwork) },
}
