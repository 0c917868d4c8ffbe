//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"strings"

	"confine/policy"
)

// ceilingOf finds a limit that holds for this process already, and so for what it starts,
// and that is no higher than a policy's: that of its container, for example. Who may make no
// cgroup needs none then.
func ceilingOf(p policy.Process) (*memoryGroup, bool) {
	for _, h := range memoryHierarchies {
		dirs := []string{h.dir} // what a container sees is its own
		if own, err := h.own(); err == nil {
			for dir := own; strings.HasPrefix(dir, h.dir); dir = filepath.Dir(dir) {
				dirs = append(dirs, dir)
			}
		}
		for _, dir := range dirs {
			if bytes := limitOf(filepath.Join(dir, h.limit)); bytes <= p.Memory {
				g := &memoryGroup{memoryHierarchy: h, path: dir, bytes: bytes, at: p.MemoryAt, ceiling: true}
				g.before = g.kills()
				return g, true
			}
		}
	}
	return nil, false
}

// cgroupsOf are the cgroups of a process, as in cgroups(7).
func cgroupsOf(pid string) string {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
	if err != nil {
		return "unreadable"
	}
	return strings.TrimSpace(string(text))
}
