//go:build linux

package integration

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTrapCapabilityListsAreOne: caps.drop and caps.keep share a list, of which the
// last line counts; beside a caps.drop line, what caps.keep names is dropped and all
// else kept (profile.c, caps.c).
func TestTrapCapabilityListsAreOne(t *testing.T) {
	bounding := func(lines ...string) uint64 {
		t.Helper()
		o := finish(t, standaloneWorld{}.command(naive(t, lines...), "/usr/bin/grep", "^CapBnd:", "/proc/self/status")).must(t, 0)
		set, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(o.stdout, "CapBnd:")), 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	holds := func(set uint64, capability int) bool { return set&(1<<capability) != 0 }
	if set := bounding("caps.drop chown", "caps.keep net_raw"); holds(set, unix.CAP_NET_RAW) || !holds(set, unix.CAP_SYS_ADMIN) {
		t.Errorf("caps.drop and caps.keep: %x: the trap is gone", set)
	}
	if set := bounding("caps.drop chown", "caps.drop net_raw"); !holds(set, unix.CAP_CHOWN) || holds(set, unix.CAP_NET_RAW) {
		t.Errorf("two lines of caps.drop: %x: the trap is gone", set)
	}
	if set := bounding("caps.drop all", "caps.keep net_raw"); set != 0 {
		t.Errorf("caps.drop all does not win: %x", set)
	}
	for _, line := range profileOf(t) {
		if strings.HasPrefix(line, "caps.") && line != "caps.drop all" {
			t.Errorf("our profile has %q", line)
		}
	}
	// All five sets, under confine, whoever calls.
	policy := writePolicy(t, "proc = \"self\"", "")
	for _, launch := range launches {
		o := finish(t, launch.cmd(policy, "/usr/bin/grep", "^Cap", "/proc/self/status")).must(t, 0)
		if n := strings.Count(o.stdout, "0000000000000000"); n != 5 {
			t.Errorf("%s: %d of 5 sets are empty:\n%s", launch.name, n, o.stdout)
		}
	}
	wants(t, finish(t, confined(writePolicy(t, "", "[capabilities]\nkeep = [\"net_raw\"]\n"), "/usr/bin/true")).must(t, 125),
		"nothing ran", "firejail cannot give a capability")
}
