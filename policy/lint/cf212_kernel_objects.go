package lint

import (
	"fmt"
	"slices"

	"confine/policy"
)

var kernelObjects = Rule{
	Code:     "CF212",
	Severity: Warning,
	Title:    "more of /sys is visible than programs need",
	Why: `/sys describes the machine: its hardware and serial numbers, network devices, disks and settings of the kernel. It tells
one tenant from another and an attacker which fault of the kernel to try. Programs read their memory limit in
/sys/fs/cgroup, and the number of processors.`,
	Instead: "Name what is read, such as /sys/fs/cgroup or /sys/devices/system/cpu.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/sys/class\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/sys/fs/cgroup?\", \"/sys/devices/system/cpu?\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.entries(policy.ModeRead) {
			harmless := func(dir string) bool { return within(e.Path, dir) }
			if !within(e.Path, "/sys") || slices.ContainsFunc(harmlessObjects, harmless) || slices.ContainsFunc(debugDirectories, harmless) {
				continue
			}
			found = append(found, Found{
				At: e.At, Message: fmt.Sprintf("%s describes the machine to the program", quote(e.Path)),
				Hint: `read = ["/sys/fs/cgroup?"]`,
			})
		}
		return found
	},
}

// harmlessObjects are what run times of languages, allocators and libraries read to find
// how much memory and how many processors there are.
var harmlessObjects = []string{
	"/sys/fs/cgroup", "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm/transparent_hugepage",
	"/sys/kernel/mm/hugepages",
}
