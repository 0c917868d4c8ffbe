//go:build linux

package runner

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// openEgressLog opens the file for what the gateway sees. An existing one is added to.
func (l *launchable) openEgressLog() error {
	if l.EgressLog == "" {
		return nil
	}
	if l.Policy.Network.Mode != policy.NetworkEgress {
		r := refuse("--egress-log would stay empty whatever the program reaches%s", where(l.Policy.Network.At))
		r.Found, r.Expected = fmt.Sprintf("mode = %q", l.Policy.Network.Mode), `mode = "egress": nothing else goes through a gateway`
		r.Instead = []string{"leave --egress-log out"}
		return r
	}
	return l.makeEgressLog()
}

// makeEgressLog opens the file relative to its directory, which is the one that was looked
// at whatever the path means a moment later.
func (l *launchable) makeEgressLog() error {
	directory, name := filepath.Split(l.EgressLog)
	if directory == "" {
		directory = "."
	}
	if os.Getuid() == 0 {
		if err := checkTrust("the directory of the log", directory, l.identity); err != nil {
			return err
		}
	}
	refusal := func(found, expected string) *Refusal {
		r := refuse("the log of the gateway cannot be written")
		r.Found, r.Expected = found, expected
		return r
	}
	dir, err := unix.Open(directory, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return refusal(fmt.Sprintf("open %s: %v", directory, err), "a directory")
	}
	defer func() { _ = unix.Close(dir) }()
	fd, err := unix.Openat(dir, name, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return refusal(fmt.Sprintf("open %s: %v", l.EgressLog, err), "the name of a file, which is no link")
	}
	l.egressLog = os.NewFile(uintptr(fd), l.EgressLog)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return refusal(fmt.Sprintf("look at %s: %v", l.EgressLog, err), "a file")
	}
	// Whoever owns it, or has another name for it, can write over what it says.
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return refusal(l.EgressLog+" is no regular file", "a file")
	case int(st.Uid) != os.Getuid():
		return refusal(fmt.Sprintf("%s belongs to uid %d", l.EgressLog, st.Uid), "a new file, or one of the caller's own")
	case st.Nlink != 1:
		return refusal(fmt.Sprintf("%s has %d names", l.EgressLog, st.Nlink), "a file with one name")
	case os.Getuid() == 0 && st.Mode&0o022 != 0:
		return refusal(fmt.Sprintf("%s has mode %04o", l.EgressLog, st.Mode&0o7777), "a file that its owner alone can write")
	}
	return nil
}
