//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"strings"
)

// ceilingOf finds a limit that holds for this process already, and so for what it starts,
// and that is no higher than a policy's: that of its container, for example. Who may make no
// cgroup needs none then.
func ceilingOf(b bound) (*cgroup, bool) {
	for _, h := range b.hierarchies {
		dirs := []string{h.dir} // what a container sees is its own
		if own, err := h.own(); err == nil {
			for dir := own; strings.HasPrefix(dir, h.dir); dir = filepath.Dir(dir) {
				dirs = append(dirs, dir)
			}
		}
		for _, dir := range dirs {
			if value := limitOf(filepath.Join(dir, h.limit)); value <= b.value {
				g := &cgroup{bound: bound{b.controller, value, b.at}, hierarchy: h, path: dir, ceiling: true}
				g.before = g.times()
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
