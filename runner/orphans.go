//go:build linux

package runner

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// orphanLimit is how long processes that the program left behind are killed one
// by one; after as long again the whole sandbox is.
const orphanLimit = time.Second

// killOrphans ends what the program left behind: firejail, told by
// deterministic-exit-code to remember the program's exit code, waits for every
// other process of the sandbox. Its own deterministic-shutdown would do it too,
// and takes 100 ms at the end of every run. A process that forks all the time can
// get away, so the caller must not rely on it alone.
func killOrphans(init int, ended <-chan struct{}) {
	for deadline := time.Now().Add(orphanLimit); time.Now().Before(deadline); {
		orphans := descendants(init)
		if len(orphans) == 0 {
			return
		}
		for _, pid := range orphans {
			killBelow(init, pid)
		}
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// killBelow kills a process that is still below its ancestor once it is held: its
// number may have been used again, by anybody on the host.
func killBelow(ancestor, pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	for p := pid; p > 1; {
		parent, alive := livingParent(p)
		if !alive {
			return
		}
		if parent == ancestor {
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
			return
		}
		p = parent
	}
}

// descendants are the living processes below a process.
func descendants(ancestor int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	parents := map[int]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if parent, alive := livingParent(pid); alive {
			parents[pid] = parent
		}
	}
	var below []int
	for pid := range parents {
		for p, ok := parents[pid], true; ok; p, ok = parents[p] {
			if p == ancestor {
				below = append(below, pid)
				break
			}
		}
	}
	return below
}

// livingParent reads the parent from proc_pid_stat(5); a zombie does not count.
func livingParent(pid int) (int, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	// The name in parentheses may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	// A leader that has ended is a zombie while its other threads run on; field 20
	// counts them.
	if len(fields) < 18 || fields[0] == "X" || fields[0] == "Z" && fields[17] <= "1" {
		return 0, false
	}
	parent, err := strconv.Atoi(fields[1])
	return parent, err == nil
}
