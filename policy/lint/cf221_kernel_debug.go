package lint

import "confine/policy"

var kernelDebug = Rule{
	Code:     "CF221",
	Severity: Error,
	Title:    "the kernel's debugging and control files can be read",
	Why: `These directories show addresses and data of the kernel, what other processes do, loaded programs of BPF and variables
of the firmware. They are made for root on a machine of one's own, and what
they tell makes faults of the kernel usable.`,
	Instead: "Take the path out.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/sys/kernel/debug\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/sys/fs/cgroup?\"]\n"},
	check: func(s *Subject) []Found {
		return foundPaths(s, policy.AccessRead, debugDirectories, "the inside of the kernel")
	},
}

// debugDirectories are file systems and files of the kernel that are not for programs.
var debugDirectories = []string{
	"/sys/kernel/debug", "/sys/kernel/tracing", "/sys/fs/bpf", "/sys/kernel/security", "/sys/firmware", "/sys/kernel/vmcoreinfo",
	"/sys/kernel/notes", "/sys/kernel/boot_params", "/sys/fs/pstore",
}
