//go:build linux

package runner

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// checkStreams refuses a standard stream that is a directory. From an open one
// openat(2) reaches every file below it through the host's own mounts, where
// nothing is read-only, noexec or hidden.
func checkStreams(streams ...*os.File) error {
	for number, stream := range streams {
		var st unix.Stat_t
		if err := unix.Fstat(int(stream.Fd()), &st); err != nil {
			continue // closed: the program gets what the Go runtime opened instead
		}
		if st.Mode&unix.S_IFMT == unix.S_IFDIR {
			r := refuse("%s is a directory", streamNames[number])
			r.Found = fmt.Sprintf("descriptor %d leads around the mounts of the sandbox", number)
			r.Expected = "a file, a pipe, a socket or a terminal"
			return r
		}
	}
	return nil
}
