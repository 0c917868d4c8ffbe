//go:build linux

// Package rights takes descriptors out of messages, see unix(7), SCM_RIGHTS.
package rights

import "golang.org/x/sys/unix"

// Received takes the one descriptor out of control messages. Of more than one, the others
// are closed.
func Received(oob []byte) (int, bool) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return -1, false
	}
	found := -1
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if found >= 0 {
				_ = unix.Close(fd)
				continue
			}
			found = fd
		}
	}
	return found, found >= 0
}
