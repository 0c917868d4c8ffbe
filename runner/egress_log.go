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
	if os.Getuid() == 0 {
		if err := checkTrust("the directory of the log", filepath.Dir(l.EgressLog), l.identity); err != nil {
			return err
		}
	}
	return l.makeEgressLog()
}

func (l *launchable) makeEgressLog() error {
	fd, err := unix.Open(l.EgressLog, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		r := refuse("the log of the gateway cannot be written")
		r.Found, r.Expected = fmt.Sprintf("open %s: %v", l.EgressLog, err), "the name of a file, which is no link"
		return r
	}
	l.egressLog = os.NewFile(uintptr(fd), l.EgressLog)
	if info, err := l.egressLog.Stat(); err != nil || !info.Mode().IsRegular() {
		r := refuse("the log of the gateway cannot be written")
		r.Found, r.Expected = l.EgressLog+" is no regular file", "a file"
		return r
	}
	return nil
}
