//go:build linux

package runner

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// Host is what a launch depends on and a compiler must not look at.
type Host struct {
	Arch     string         `json:"arch"`
	Kernel   string         `json:"kernel"`
	Landlock int            `json:"landlock"`
	Caller   Caller         `json:"caller"`
	Firejail FirejailStatus `json:"firejail"`
	GVisor   GVisorStatus   `json:"gvisor"`
	// Memory names what limits the memory of all processes of a sandbox together.
	Memory string `json:"memory"`
	// Namespaces says why this caller cannot make those of a guest, or is empty.
	Namespaces string `json:"namespaces"`
	// WardenNamespaces says why this caller cannot make those of a launch without a
	// wrapper, or is empty.
	WardenNamespaces string `json:"warden_namespaces"`
}

// Caller is the process that wants to launch.
type Caller struct {
	UID int `json:"uid"`
	// Unnamed reports that the uid has no entry in /etc/passwd, as under docker run --user 1000.
	Unnamed    bool `json:"unnamed"`
	NoNewPrivs bool `json:"no_new_privs"`
	// SeccompFilters is how many filters the caller runs under.
	SeccompFilters int `json:"seccomp_filters"`
	// Bounding is the capability bounding set.
	Bounding CapabilitySet `json:"bounding"`
	// KernelThreads reports whether one is among PIDs 1 to 10, which is how
	// firejail tells a host from a container (no_sandbox.c).
	KernelThreads bool `json:"kernel_threads"`
}

// CapabilitySet is a mask of capabilities(7), in the form of proc_pid_status(5).
type CapabilitySet uint64

// String gives sixteen hexadecimal digits.
func (s CapabilitySet) String() string { return fmt.Sprintf("%016x", uint64(s)) }

// MarshalText makes a set a string in JSON.
func (s CapabilitySet) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ProbeHost looks at the running system, and at the tools of all backends.
func ProbeHost() Host {
	h := probeSystem()
	for _, b := range backendsByRank {
		b.probe(&h)
	}
	h.Namespaces, h.Memory = probeNamespaces(), describeMemory(h.Caller.UID)
	return h
}

// probeSystem looks at what every backend depends on.
func probeSystem() Host {
	h := Host{Arch: machine(), Landlock: stage.LandlockVersion(), Caller: probeCaller()}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		h.Kernel = unix.ByteSliceToString(name.Release[:])
	}
	return h
}

// machine is the architecture as uname(2) spells it.
func machine() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return runtime.GOARCH
}

func probeCaller() Caller {
	c := Caller{UID: os.Getuid(), KernelThreads: kernelThreads()}
	_, err := user.LookupId(strconv.Itoa(c.UID))
	c.Unnamed = err != nil
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return c
	}
	status := stage.ParseProcStatus(string(text))
	c.NoNewPrivs = status["NoNewPrivs"] == "1"
	c.SeccompFilters, _ = strconv.Atoi(status["Seccomp_filters"])
	bounding, _ := strconv.ParseUint(status["CapBnd"], 16, 64)
	c.Bounding = CapabilitySet(bounding)
	return c
}

// kernelThreads repeats firejail's own test, see check_kernel_procs in
// no_sandbox.c: without a kernel thread among the first ten processes it runs
// the program with no sandbox at all.
func kernelThreads() bool {
	for pid := 1; pid <= 10; pid++ {
		comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
		if err != nil {
			continue
		}
		for _, name := range []string{"kthreadd", "ksoftirqd", "kworker", "rcu_sched", "rcu_bh"} {
			if strings.HasPrefix(string(comm), name) {
				return true
			}
		}
	}
	return false
}
