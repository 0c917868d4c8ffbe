//go:build linux

package stage

import (
	"golang.org/x/sys/unix"

	"confine/policy"
)

// Stream is the file behind one of the program's standard streams; the zero Stream
// is one that the caller had closed.
type Stream struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
}

// StreamOf looks at an open descriptor.
func StreamOf(fd int) Stream {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Stream{}
	}
	return Stream{Device: uint64(st.Dev), Inode: st.Ino} //nolint:unconvert // see controlPath
}

// checkStreams shows that the program gets the streams of the runner's caller: a
// descriptor opens what no mount can close.
func checkStreams(callers, own [3]Stream) []Check {
	var checks []Check
	for i, name := range []string{"stdin", "stdout", "stderr"} {
		if callers[i] == (Stream{}) {
			continue
		}
		found := "the caller's"
		if own[i] != callers[i] {
			found = "another file"
		}
		checks = append(checks, equal(sandboxClause, name, policy.Position{}, "the caller's", found))
	}
	return checks
}
