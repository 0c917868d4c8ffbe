//go:build linux

package runner

import (
	"os"

	"golang.org/x/sys/unix"
)

// checkSocketStreams refuses a socket as a standard stream that could be used for another peer
// than the one it has: without a network namespace it is as good as any that the program makes,
// and sendmsg(2) names an address where no filter can look.
func checkSocketStreams(streams [3]*os.File) error {
	for i, f := range streams {
		if f == nil {
			continue
		}
		var st unix.Stat_t
		fd := int(f.Fd())
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
			continue
		}
		family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		kind, kindErr := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
		_, peerErr := unix.Getpeername(fd)
		if err == nil && kindErr == nil && peerErr == nil && family == unix.AF_UNIX && (kind == unix.SOCK_STREAM || kind == unix.SOCK_SEQPACKET) {
			continue
		}
		r := refuse("%s is a socket, which the program could use for any peer", streamNames[i])
		r.Found, r.Expected = "a socket of another kind, or without a peer", "a file, a pipe, a terminal, or a connected unix socket of type stream"
		r.Instead = []string{"a pipe: confine run ... | cat", "another backend, which has a network of its own"}
		return r
	}
	return nil
}
