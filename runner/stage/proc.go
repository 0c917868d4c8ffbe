//go:build linux

package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// processNames are what filesystem.proc = "self" leaves of /proc besides the
// numbered directories. The last two are links into self.
var processNames = []string{"self", "thread-self", "mounts", "net"}

// checkProc opens what does not belong to a process. For proc = "none" only
// Landlock closes the rest, see checkClosedProc.
func checkProc(e compiler.Expectation) []Check {
	// A file system of another PID namespace gives this process another number.
	self, err := os.Readlink("/proc/self")
	if err != nil {
		self = unix.ErrnoName(errno(err))
	}
	return []Check{
		equal(policy.ClauseFilesystemProc, "own process in /proc", e.ProcAt, strconv.Itoa(os.Getpid()), self),
		checkProcNames(e),
	}
}

func checkProcNames(e compiler.Expectation) Check {
	entries, err := os.ReadDir("/proc")
	c := Check{
		Clause: "filesystem.proc", Subject: "what is not a process in /proc", At: e.ProcAt,
		Expected: "0 open", Found: "0 open", Status: Proven,
	}
	if err != nil {
		c.Found, c.Status = unix.ErrnoName(errno(err)), Failed
		return c
	}
	var open []string
	for _, entry := range entries {
		name := entry.Name()
		if name[0] >= '0' && name[0] <= '9' || slices.Contains(processNames, name) {
			continue
		}
		if openable(filepath.Join("/proc", name)) {
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		c.Found, c.Status = fmt.Sprintf("%d open: %s", len(open), strings.Join(open, " ")), Failed
	}
	return c
}

// checkClosedProc shows under Landlock that nothing of /proc is left.
func checkClosedProc(e compiler.Expectation) []Check {
	if e.Proc != policy.ProcNone {
		return nil
	}
	found := "closed"
	if openable("/proc/self/status") {
		found = "open"
	}
	return []Check{equal("filesystem.proc", "/proc/self/status", e.ProcAt, "closed", found)}
}
