package lint

var noDenial = Rule{
	Code:     "CF912",
	Severity: Warning,
	Title:    "the tests deny nothing",
	Why: `Tests that only allow pass under a policy that allows everything. What makes a policy is what it denies: the metadata
service, other hosts, the machine's files, code that the program wrote.`,
	Instead: "Add accesses to `deny` that an attacker would try.",
	Bad: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\"]\n",
		Tests:  "[[case]]\nname  = \"certificates\"\nallow = [\"read /etc/ssl/certs/ca-certificates.crt\"]\n",
	},
	Good: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\"]\n",
		Tests:  "[[case]]\nname  = \"certificates\"\nallow = [\"read /etc/ssl/certs/ca-certificates.crt\"]\ndeny  = [\"read /etc/shadow\", \"syscall ptrace\"]\n",
	},
	check: func(s *Subject) []Found {
		if s.Tests == nil {
			return nil
		}
		for _, c := range s.Tests.Cases {
			if len(c.Deny) > 0 {
				return nil
			}
		}
		return []Found{{Hint: s.testsHint("add to", `name = "nothing of the machine"`, `deny = ["connect 169.254.169.254:80", "read /etc/shadow"]`)}}
	},
}
