//go:build linux

package runner

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"confine/policy"
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

// checkWrittenStreams refuses a standard stream that is a file which the policy lets the
// program write. It stays on the machine's mount, which is not noexec: the program would fill
// it, open it again by /proc/self/fd, which needs no right to anything in /proc, and start it
// through the dynamic loader.
func checkWrittenStreams(fs policy.Filesystem, streams ...*os.File) error {
	for number, stream := range streams {
		var st unix.Stat_t
		var mount unix.Statfs_t
		fd := int(stream.Fd())
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if err := unix.Fstatfs(fd, &mount); err == nil && mount.Flags&unix.ST_NOEXEC != 0 {
			continue
		}
		path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil {
			return refuse("find the file of %s: %v", streamNames[number], err)
		}
		if entry, ok := fs.Entry(path); ok && entry.Mode == policy.ModeWrite {
			r := refuse("%s is a file that the program may write, and could then start%s", streamNames[number], where(entry.At))
			r.Found = path + ", on a mount that is not noexec"
			r.Expected = "a pipe, a terminal, or a file outside of " + entry.Path
			r.Instead = []string{"a pipe: confine run ... | cat >FILE"}
			if number == 0 {
				r.Instead = []string{"a pipe: cat FILE | confine run ..."}
			}
			return r
		}
	}
	return nil
}
