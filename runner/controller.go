//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"confine/policy"
)

// cgroupRoot is where cgroups(7) are, by convention of every distribution.
const cgroupRoot = "/sys/fs/cgroup"

// controller is one of those of cgroups(7) that bound what all processes of a group have
// together.
type controller struct {
	// name is the kernel's, and clause the key of a policy that it enforces.
	name, clause string
	// bounded is what it bounds, and instead what a policy can say without it, for people.
	bounded, instead string
	// text gives a value as policies write it, and held as the kernel holds it.
	text, held func(uint64) string
	// unit follows a value of the kernel's.
	unit        string
	hierarchies []hierarchy
}

// hierarchy is a controller in one of the two versions of cgroups.
type hierarchy struct {
	// kind is the name of the controller, and dir where groups are made.
	kind, dir string
	// limit is the file of the limit, and swap, if any, that of the swap: it can be missing,
	// counts memory and swap together in version 1, and swap alone in version 2.
	limit, swap string
	// events is the file that counts how often the limit was reached, in the line event.
	events, event string
	v2            bool
}

var memoryController = controller{
	name: "memory", clause: policy.ClauseProcessMemory,
	bounded: "the memory of all processes together",
	instead: "take memory out of [process]; rlimits.as bounds every process by itself",
	text:    policy.SizeText,
	held: func(bytes uint64) string {
		page := uint64(os.Getpagesize())
		return strconv.FormatUint(bytes/page*page, 10)
	},
	unit: " bytes",
	hierarchies: []hierarchy{
		{"memory", cgroupRoot, "memory.max", "memory.swap.max", "memory.events", "oom_kill", true},
		{"memory", cgroupRoot + "/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control", "oom_kill", false},
	},
}

var pidsController = controller{
	name: "pids", clause: policy.ClauseProcessPids,
	bounded: "the number of all processes and threads together",
	instead: "take pids out of [process]; rlimits.nproc bounds those of the user",
	text:    decimal,
	held:    decimal,
	hierarchies: []hierarchy{
		{"pids", cgroupRoot, "pids.max", "", "pids.events", "max", true},
		{"pids", cgroupRoot + "/pids", "pids.max", "", "pids.events", "max", false},
	},
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// find is the hierarchy of this host that has the controller.
func (c *controller) find() (hierarchy, bool) {
	for _, h := range c.hierarchies {
		if h.v2 {
			controllers, err := os.ReadFile(filepath.Join(h.dir, "cgroup.controllers"))
			if err == nil && slices.Contains(strings.Fields(string(controllers)), c.name) {
				return h, true
			}
			continue
		}
		// The first group of version 1 has no file of a limit for every controller.
		if _, err := os.Stat(filepath.Join(h.dir, "cgroup.procs")); err == nil {
			return h, true
		}
	}
	return hierarchy{}, false
}

// own is the cgroup of this process.
func (h hierarchy) own() (string, error) {
	group, err := h.groupOf("self")
	if err != nil {
		return "", fmt.Errorf("find the caller's cgroup: %w", err)
	}
	dir := filepath.Join(h.dir, group)
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("find the caller's cgroup: %w", err)
	}
	return dir, nil
}

// groupOf is the cgroup of a process, below dir.
func (h hierarchy) groupOf(pid string) (string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && (h.v2 && fields[0] == "0" || !h.v2 && slices.Contains(strings.Split(fields[1], ","), h.kind)) {
			return fields[2], nil
		}
	}
	return "", errors.New("it is in no " + h.kind + " cgroup")
}

// describeMemory names the hierarchy of the memory controller, for people.
func describeMemory(uid int) string {
	h, ok := memoryController.find()
	switch {
	case !ok:
		return "none, there is no memory cgroup"
	case uid != 0:
		return "none, they take a root caller"
	case h.v2:
		return "cgroup v2"
	}
	return "cgroup v1"
}
