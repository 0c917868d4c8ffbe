//go:build linux

package stage

import (
	"testing"

	"golang.org/x/sys/unix"

	"confine/policy"
)

func TestRlimits(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	limits := []policy.Rlimit{{Name: "nofile", Value: 64}, {Name: "core", Value: 0}, {Name: "fsize", Value: 1 << 20}}
	must(t, setRlimits(limits))
	for _, l := range limits {
		var got unix.Rlimit
		must(t, unix.Getrlimit(resources[l.Name], &got))
		if got.Cur != l.Value || got.Max != l.Value {
			t.Errorf("%s is %+v, want %d", l.Name, got, l.Value)
		}
	}
	for _, c := range checkRlimits(limits) {
		expectCheck(t, c, Proven, "")
	}
	higher := checkRlimits([]policy.Rlimit{{Name: "nofile", Value: 65}, {Name: "cpu", Value: 1 << 40}, {Name: "frobs", Value: 1}})
	expectCheck(t, higher[0], Failed, "64")
	expectCheck(t, higher[1], Proven, "unlimited")
	expectCheck(t, higher[2], Failed, "no such resource")
	launchers := CurrentLimits()
	expectCheck(t, checkInherited(nil, launchers), Proven, "the caller's")
	launchers["nofile"] = unix.Rlimit{Cur: 65, Max: 66}
	expectCheck(t, checkInherited(nil, launchers), Failed, "nofile soft 64 hard 64, not soft 65 hard 66")
	expectCheck(t, checkInherited(limits, launchers), Proven, "the caller's")
	asDaemon(t)
	if err := setRlimits([]policy.Rlimit{{Name: "nofile", Value: 65}}); err == nil {
		t.Error("an ordinary user raised a hard limit")
	}
}

// Every name of the language has a number of the kernel's.
func TestEveryRlimitIsKnown(t *testing.T) {
	for _, name := range []string{
		"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue",
		"nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
	} {
		if _, known := resources[name]; !known {
			t.Errorf("%s has no number", name)
		}
	}
	if len(resources) != 16 {
		t.Errorf("%d resources, setrlimit(2) has 16", len(resources))
	}
}
