package lint

var keyrings = Rule{
	Code:     "CF607",
	Severity: Warning,
	Title:    "calls to the kernel's keyrings",
	Why: `Keyrings belong to users and sessions, not to sandboxes: the keys of the same user outside, for file systems and Kerberos, may be
in reach (keyrings(7)). request_key makes the kernel start /sbin/request-key as root, outside of every sandbox, with words of the program's
(request-key(8)). CVE-2016-0728 made root of any user by keyctl.`,
	Instead: "Take them out; a connector keeps its credentials in its configuration.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"keyctl\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"keyctl", "it reads and changes keys that belong to its user, also outside of the sandbox"},
			{"add_key", "it adds keys that belong to its user, also outside of the sandbox"},
			{"request_key", "the kernel starts a program as root, outside, with words of its"},
		})
	},
}
