//go:build linux

package runner

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// socketPair makes a SOCK_SEQPACKET pair. The first end reports the credentials
// of every sender, see SO_PASSCRED in unix(7); the second is for a child.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "runner"), os.NewFile(uintptr(fds[1]), "child")
	defer ours.Close()
	if err := unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("ask for credentials: %w", err)
	}
	conn, err := net.FileConn(ours)
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("use a socket pair: %w", err)
	}
	return conn.(*net.UnixConn), theirs, nil
}

// senderPID takes the sender's process id, as this PID namespace numbers it.
func senderPID(oob []byte) (int, bool) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if credentials, err := unix.ParseUnixCredentials(&m); err == nil && credentials.Pid > 0 {
			return int(credentials.Pid), true
		}
	}
	return 0, false
}
