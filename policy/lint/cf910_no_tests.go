package lint

var noTests = Rule{
	Code:     "CF910",
	Severity: Warning,
	Title:    "the policy has no tests",
	Why: `Tests say what the policy is for, in accesses that it must allow and must deny. Without them a change that opens too
much, or a base that does, looks like any other change.`,
	Instead: "Write NAME.test.toml beside NAME.toml, and run `confine test`.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	Good: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\"]\n",
		Tests:  "[[case]]\nname  = \"certificates, and nothing else\"\nallow = [\"read /etc/ssl/certs/ca-certificates.crt\"]\ndeny  = [\"read /etc/shadow\", \"connect 169.254.169.254:80\"]\n",
	},
	check: func(s *Subject) []Found {
		if s.tested {
			return nil
		}
		return []Found{{Hint: s.testsHint("write", `name = "nothing of the machine"`, `deny = ["connect 169.254.169.254:80", "read /etc/shadow"]`)}}
	},
}
