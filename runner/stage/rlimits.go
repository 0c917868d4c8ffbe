//go:build linux

package stage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// resources are the numbers of the names in setrlimit(2).
var resources = map[string]int{
	"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA,
	"fsize": unix.RLIMIT_FSIZE, "locks": unix.RLIMIT_LOCKS, "memlock": unix.RLIMIT_MEMLOCK,
	"msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE, "nofile": unix.RLIMIT_NOFILE,
	"nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "rtprio": unix.RLIMIT_RTPRIO,
	"rttime": unix.RLIMIT_RTTIME, "sigpending": unix.RLIMIT_SIGPENDING, "stack": unix.RLIMIT_STACK,
}

// checkRlimits finds the limits that cannot be set: no process of ours has
// CAP_SYS_RESOURCE here, so a hard limit can only be lowered.
func checkRlimits(limits []policy.Rlimit) []Check {
	var checks []Check
	for _, limit := range limits {
		c := Check{
			Clause: "rlimits." + limit.Name, Subject: "hard limit at the start", At: limit.At,
			Expected: "at least " + strconv.FormatUint(limit.Value, 10), Status: Proven,
		}
		var now unix.Rlimit
		resource, known := resources[limit.Name]
		switch err := unix.Getrlimit(resource, &now); {
		case !known:
			c.Found, c.Status = "no such resource", Failed
		case err != nil:
			c.Found, c.Status = unix.ErrnoName(errno(err)), Failed
		default:
			c.Found = worded(now.Max)
			if now.Max < limit.Value {
				c.Status = Failed
			}
		}
		checks = append(checks, c)
	}
	return checks
}

func worded(limit uint64) string {
	if limit == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return strconv.FormatUint(limit, 10)
}

// CurrentLimits reads every limit. The Go runtime raises the soft limit of nofile
// to the hard one, in the launcher as in the stage.
func CurrentLimits() map[string]unix.Rlimit {
	limits := map[string]unix.Rlimit{}
	for name, resource := range resources {
		var now unix.Rlimit
		if unix.Getrlimit(resource, &now) == nil {
			limits[name] = now
		}
	}
	return limits
}

// checkInherited shows that the limits that the policy does not name are those of
// the launcher.
func checkInherited(named []policy.Rlimit, launchers map[string]unix.Rlimit) Check {
	c := Check{
		Clause: policy.ClauseRlimits, Subject: "limits that the policy does not name",
		Expected: "the caller's", Found: "the caller's", Status: Proven,
	}
	own := CurrentLimits()
	for _, limit := range named {
		delete(own, limit.Name)
	}
	var wrong []string
	for name, now := range own {
		if was := launchers[name]; now != was {
			wrong = append(wrong, fmt.Sprintf("%s soft %s hard %s, not soft %s hard %s",
				name, worded(now.Cur), worded(now.Max), worded(was.Cur), worded(was.Max)))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		c.Found, c.Status = strings.Join(wrong, "; "), Failed
	}
	return c
}

// setRlimits sets soft and hard limits and reads each back. It must be the last
// thing before execve: a Go process does not survive a small RLIMIT_AS for long.
func setRlimits(limits []policy.Rlimit) error {
	for _, limit := range limits {
		if err := setRlimit(limit); err != nil {
			return &clauseError{policy.RlimitClause(limit.Name), limit.At, err}
		}
	}
	return nil
}

func setRlimit(limit policy.Rlimit) error {
	resource := resources[limit.Name]
	want := syscall.Rlimit{Cur: limit.Value, Max: limit.Value}
	// The sentry lets nobody set some limits; they are in place from the start.
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err == nil && now.Cur == want.Cur && now.Max == want.Max && resource != unix.RLIMIT_NOFILE {
		return nil
	}
	// syscall.Setrlimit, not prlimit: for nofile it also stops syscall.Exec from
	// putting back the soft limit that the Go runtime raised at its start.
	if err := syscall.Setrlimit(resource, &want); err != nil {
		return fmt.Errorf("set %s: %w", limit.Name, err)
	}
	var got unix.Rlimit
	if _, _, e := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, uintptr(resource), 0, uintptr(unsafe.Pointer(&got)), 0, 0); e != 0 {
		return fmt.Errorf("read back %s: %w", limit.Name, e)
	}
	if got.Cur != want.Cur || got.Max != want.Max {
		return fmt.Errorf("%s is %d after it was set to %d", limit.Name, got.Cur, want.Cur)
	}
	return nil
}
