package live

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"
)

// request is a system call of a forked child.
type request struct {
	number uintptr
	args   [6]uintptr
	// needed ends the child if the call fails.
	needed bool
}

// notPrepared is the exit code of a child that could not do what was needed. It is larger
// than any errno.
const notPrepared = 200

// forked makes system calls one after the other in a child, whose exit code is the errno
// of the last. What their arguments point to is kept until the child has ended.
func forked(requests []request, kept ...any) (unix.WaitStatus, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, errno := fork(requests)
	if errno != 0 {
		return 0, errno
	}
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		runtime.KeepAlive(kept)
		return status, err
	}
}

// fork copies the calling thread. The child has the memory of the Go runtime as it was,
// and none of its other threads, so it only makes raw calls, and exits.
//
//go:norace
//go:noinline
func fork(requests []request) (int, unix.Errno) {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 || pid != 0 {
		return int(pid), errno
	}
	code := uintptr(0)
	for i := range requests {
		r := &requests[i]
		_, _, errno = unix.RawSyscall6(r.number, r.args[0], r.args[1], r.args[2], r.args[3], r.args[4], r.args[5])
		code = uintptr(errno)
		if errno != 0 && r.needed {
			code = notPrepared
			break
		}
	}
	for {
		_, _, _ = unix.RawSyscall6(unix.SYS_EXIT_GROUP, code, 0, 0, 0, 0, 0)
	}
}

// filtered are the errors with which a filter answers. Any other comes from the call
// itself, which the filter let pass.
var filtered = []unix.Errno{unix.EPERM, unix.ENOSYS, unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT}

// call makes a system call.
func call(c *Call) Answer {
	if c == nil {
		return unclear("no call is given")
	}
	r := request{number: uintptr(c.Number)}
	for i, argument := range c.Arguments {
		r.args[i] = uintptr(argument)
	}
	status, err := forked([]request{r})
	switch {
	case err != nil:
		return unclear("start a child: %v", err)
	case status.Signaled():
		return ofEnd(status)
	}
	for _, errno := range filtered {
		if unix.Errno(status.ExitStatus()) == errno {
			return Answer{Outcome: Denied, Errno: unix.ErrnoName(errno)}
		}
	}
	return Answer{Outcome: Allowed}
}
