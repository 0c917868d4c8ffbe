//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// relayWritten puts pipes in the place of the streams, if one of them is a file that the
// policy lets the program write; nil is none. Such a file stays on the machine's mount, which
// is not noexec: the program would fill it, open it again by /proc/self/fd, which needs no
// right to anything in /proc, and start it through the dynamic loader.
func (l *launchable) relayWritten() (*relay, error) {
	target := l.bundle.Target
	if target.Backend == compiler.GVisor || target.Backend == compiler.Native && !target.Namespaces {
		return nil, nil // which has a relay, or for which somebody signed for what can be mapped
	}
	if !written(l.Policy.Filesystem, l.Stdin, l.Stdout, l.Stderr) {
		return nil, nil
	}
	r, err := newRelay([3]*os.File{l.Stdin, l.Stdout, l.Stderr})
	if err != nil {
		return nil, err
	}
	ends := r.child()
	l.Stdin, l.Stdout, l.Stderr = ends[0], ends[1], ends[2]
	return r, nil
}

// written reports whether a stream is a regular file that the policy lets the program write,
// where it could be mapped. Of a file without a name nothing is known.
func written(fs policy.Filesystem, streams ...*os.File) bool {
	for _, stream := range streams {
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
		if err != nil || st.Nlink != 1 {
			return true // it may have a name that the policy lets the program write
		}
		if entry, ok := fs.Entry(path); ok && entry.Mode == policy.ModeWrite {
			return true
		}
	}
	return false
}

// deliver waits until the caller has what the program wrote into the relay, and gives the
// code and the error of the launch then.
func (r *relay) deliver(signals <-chan os.Signal, code int, err error) (int, error) {
	if r == nil {
		return code, err
	}
	limit := drainLimit
	if code == ExitWallTime {
		limit = wallGrace
	}
	undelivered := r.drain(signals, limit)
	if code == 0 && errors.As(undelivered, new(lostOutput)) {
		code = exitLostOutput
	}
	return code, errors.Join(err, undelivered)
}

// drainLimit is how long the reader of the program's output may take for the rest.
const drainLimit = time.Hour

// exitLostOutput is the code of a program that wrote into the relay without an error
// and succeeded, when its output did not arrive: programs that see the error themselves
// end with it.
const exitLostOutput = 1

// drain waits until the caller has everything that the program wrote, or a signal says
// that it does not want it.
func (r *relay) drain(signals <-chan os.Signal, limit time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- r.finish(limit) }()
	select {
	case err := <-done:
		return err
	case sig := <-signals:
		return lostOutput{fmt.Errorf("%s came before all output was written", sig)}
	}
}
