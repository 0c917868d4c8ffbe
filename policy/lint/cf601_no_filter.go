package lint

import "confine/policy/syscalls"

var noFilter = Rule{
	Code:     "CF601",
	Severity: Error,
	Title:    "no system call is filtered",
	Why: `Every call of the kernel is open, those of kernels to come included. Most ways from a program into the kernel lead through
calls that no connector makes, and some go around what the policy says elsewhere: memfd_create around exec and map, io_uring
around filters, mount in a new user namespace around tmp. With any other base confine also closes the second and third door of
an x86_64 kernel, the calls of i386 and x32; here they stay open, except where the engine closes them by itself.`,
	Instead:    "Take the base `default`, which runs servers and the usual tools, and `allow` what is missing. `confine explain` says which call was denied.",
	EachPolicy: true,
	Bad:        Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"unrestricted\"\n"},
	Good:       Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		if s.Policy.Syscalls.Base != syscalls.Unrestricted {
			return nil
		}
		return []Found{{At: s.Policy.Syscalls.At, Hint: `base = "default"`}}
	},
}
