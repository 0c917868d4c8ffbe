package gvisor_test

import (
	"reflect"
	"slices"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// TestExpectation: what the stage is told to find is what the bundle brings about.
func TestExpectation(t *testing.T) {
	p := parse(t, `[network]
mode = "host"
[filesystem]
read   = ["/etc", "/sys/fs/cgroup", "/sysx", "/opt/a?"]
absent = ["/run/secrets", "/tmp/token"]
tmp    = ["/scratch", { path = "/srv/cache", size = 8192 }]
links  = { "/bin" = "/usr/bin" }
proc   = "self"
dev    = "minimal"
[rlimits]
core = 0
nice = 1
`)
	e := compile(t, p).Expectation
	if !e.Guest || e.SeccompFilters != 0 || e.Landlock != nil || e.Emptied != nil {
		t.Errorf("%+v is not a guest's", e)
	}
	if want := []string{"ipc", "mnt", "pid", "user"}; !slices.Equal(e.Isolated, want) || !slices.Equal(e.Shared, []string{"net"}) {
		t.Errorf("isolated: %v, shared: %v", e.Isolated, e.Shared)
	}
	if want := []string{"/tmp"}; !slices.Equal(e.Residual, want) {
		t.Errorf("residual: %v, want %v", e.Residual, want)
	}
	var replaced []string
	for i, path := range e.Paths {
		if path.PathEntry != p.Filesystem.Entries[i] {
			t.Errorf("%+v is no entry of the policy", path)
		}
		if path.Replaced {
			replaced = append(replaced, path.Path)
		}
	}
	if want := []string{"/sys/fs/cgroup"}; !slices.Equal(replaced, want) || len(e.Paths) != len(p.Filesystem.Entries) {
		t.Errorf("%d paths, replaced: %v, want %v", len(e.Paths), replaced, want)
	}
	if e.Network != policy.NetworkHost || e.NetworkAt != p.Network.At || e.Proc != policy.ProcSelf || e.ProcAt != p.Filesystem.ProcAt ||
		e.Dev != policy.DevMinimal || e.DevAt != p.Filesystem.DevAt || e.FilterAt != p.Syscalls.At || e.Unfiltered ||
		!reflect.DeepEqual(e.Aliases, p.Filesystem.Links) || !reflect.DeepEqual(e.Rlimits, p.Rlimits) {
		t.Errorf("%+v", e)
	}
	if len(e.Filter) == 0 || len(e.Filter)%8 != 0 || len(e.FilterCanaries) == 0 {
		t.Errorf("a filter of %d bytes, %d canaries", len(e.Filter), len(e.FilterCanaries))
	}

	closed := compile(t, parse(t, "")).Expectation
	if want := []string{"ipc", "mnt", "net", "pid", "user"}; !slices.Equal(closed.Isolated, want) || len(closed.Shared) != 0 || len(closed.Residual) != 0 {
		t.Errorf("isolated: %v, shared: %v, residual: %v", closed.Isolated, closed.Shared, closed.Residual)
	}
}

// TestClosed: what the guest's kernel has and no policy shows is tried, and what a policy
// does not show besides.
func TestClosed(t *testing.T) {
	always := []string{"/proc/meminfo", "/proc/sys", "/proc/gvisor", "/proc/sentry-meminfo", "/dev/pts", "/dev/ptmx", "/dev/fuse"}
	for text, want := range map[string][]string{
		"proc = 'self'\ndev = 'minimal'": nil,
		"dev = 'minimal'":                {"/proc/self/status", "/proc/1/status"},
		"proc = 'self'":                  append(policy.MinimalDevices(), "/dev/shm"),
		"":                               append(policy.MinimalDevices(), "/dev/shm", "/proc/self/status", "/proc/1/status"),
	} {
		got := compile(t, parse(t, "syscalls.base = 'unrestricted'\n[filesystem]\n"+text+"\n")).Expectation.Closed
		for _, name := range slices.Concat(always, want) {
			if !slices.Contains(got, name) {
				t.Errorf("%q: %s is not tried", text, name)
			}
		}
		for _, name := range slices.Concat(policy.MinimalDevices(), []string{"/dev/shm", "/proc/self/status", "/proc/1/status"}) {
			if slices.Contains(got, name) != slices.Contains(want, name) {
				t.Errorf("%q: %s is tried: %v", text, name, slices.Contains(got, name))
			}
		}
	}
}

// TestNoMountsOfTheRunner: runsc makes all mounts of a guest.
func TestNoMountsOfTheRunner(t *testing.T) {
	for name, p := range samples(t) {
		if b := sampleBundle(t, name, p); len(b.Mounts) > 0 || len(b.Skeleton) == 0 || b.Target.Backend != compiler.GVisor || b.Policy != p.Name || b.Digest != p.Digest {
			t.Errorf("%s: %+v", name, b)
		}
	}
}
