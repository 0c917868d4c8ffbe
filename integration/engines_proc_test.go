//go:build linux

package integration

import (
	"os"
	"strconv"
	"testing"
)

// aboutSelf are names below /proc/self. The sentry has none of those behind lacking.
var aboutSelf = []string{
	"auxv", "cgroup", "cmdline", "comm", "coredump_filter", "environ", "fd", "fdinfo", "gid_map", "io", "limits", "maps", "mem", "mountinfo", "mounts", "net",
	"ns", "oom_score", "oom_score_adj", "smaps", "stat", "statm", "status", "task", "uid_map",
	"setgroups", "net/dev", "net/route", "net/tcp", "net/udp", "net/unix",
}

var lacking = []string{
	"attr", "loginuid", "map_files", "mountstats", "numa_maps", "pagemap", "personality", "projid_map", "sched",
	"schedstat", "sessionid", "smaps_rollup", "syscall", "timers", "wchan",
}

// procWorlds read and write below /proc: about the program itself, and about the kernel
// and others.
func procWorlds(t *testing.T) []world {
	own := attemptsOwn()
	others := attemptsElsewhere(t)
	return []world{
		{
			name: "own processes", policy: accessPolicy(t, nil, nil, "proc = \"self\"", ""),
			attempts: append(append(own, others...), throughLinks(t)...),
		},
		{name: "no processes", policy: accessPolicy(t, nil, nil, "proc = \"none\"", ""), attempts: append(closed(own), others...)},
	}
}

// attemptsOwn are those about the program itself.
func attemptsOwn() []attempt {
	fewer := other{inside: "ENOENT", because: "the sentry tells less of a process, and coverage says so"}
	var attempts []attempt
	for _, dir := range []string{"/proc/self/", "/proc/thread-self/"} {
		for _, name := range aboutSelf {
			if dir == "/proc/self/" || name == "status" || name == "maps" {
				attempts = append(attempts, attempt{access: "read " + dir + name})
			}
		}
	}
	for _, name := range lacking {
		if _, err := os.Stat("/proc/self/" + name); err == nil {
			attempts = append(attempts, attempt{access: "read /proc/self/" + name, gvisor: fewer})
		}
	}
	for _, name := range []string{"comm", "mem", "oom_score_adj", "coredump_filter", "clear_refs"} {
		attempts = append(attempts, attempt{access: "write /proc/self/" + name, deed: "append /proc/self/" + name})
	}
	return append(attempts, attempt{access: "read /proc/mounts"}, attempt{access: "read /proc/net"}, attempt{access: "read /proc/1/status"})
}

// closed are the same where there is no /proc: the engines agree.
func closed(own []attempt) []attempt {
	var attempts []attempt
	for _, a := range own {
		a.gvisor = other{}
		attempts = append(attempts, a)
	}
	return attempts
}

// attemptsElsewhere are those about the kernel: every name that this one has.
func attemptsElsewhere(t *testing.T) []attempt {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var attempts []attempt
	for _, e := range entries {
		info, err := e.Info()
		_, process := strconv.Atoi(e.Name())
		// What has a size is memory; kmsg takes messages away from others.
		if err != nil || process == nil || e.Name() == "kmsg" || !info.IsDir() && (!info.Mode().IsRegular() || info.Size() > 0) {
			continue
		}
		attempts = append(attempts, attempt{access: "read /proc/" + e.Name(), control: byRoot})
	}
	for _, name := range []string{
		"sys/kernel/hostname", "sys/kernel/random/boot_id", "sys/vm/overcommit_memory", "sys/net/core/somaxconn", "sys/fs/file-max", "sysvipc/shm",
	} {
		attempts = append(attempts, attempt{access: "read /proc/" + name})
	}
	for _, name := range []string{"sys/kernel/hostname", "sys/kernel/core_pattern", "sysrq-trigger", "mtrr"} {
		if _, err := os.Stat("/proc/" + name); err == nil {
			attempts = append(attempts, attempt{access: "write /proc/" + name, deed: "append /proc/" + name, control: byRoot})
		}
	}
	return attempts
}

// throughLinks go by the links of /proc to what the policy hides.
func throughLinks(t *testing.T) []attempt {
	t.Helper()
	var attempts []attempt
	for _, path := range []string{"etc/passwd", "etc/shadow", "var", "proc/cpuinfo", "dev/kmsg"} {
		for link, by := range map[string]control{"/proc/self/root/": byRoot, "/proc/thread-self/root/": byRoot, "/proc/1/root/": byNobody} {
			attempts = append(attempts, attempt{
				deed: "read " + link + path, control: by, inside: "denied",
				because: "the access is that of the place where the link leads, and the policy hides it; the first process may be closed to root",
			})
		}
	}
	return attempts
}
