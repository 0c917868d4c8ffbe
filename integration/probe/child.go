//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// child runs a program that exits with an errno. There may be no /dev/null to give
// it.
func child(path string, args ...string) error {
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stderr, os.Stderr
	return ended(cmd.Run())
}

// again runs the probe itself as one of children.
func again(args ...string) error { return child(os.Args[0], args...) }

// ended is the errno of a child's exit code, or the signal that ended it.
func ended(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	status := exit.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return errors.New(unix.SignalName(status.Signal()))
	}
	return unix.Errno(status.ExitStatus())
}

// raw calls on a thread that ends afterwards: what it may have changed of itself
// is gone with it.
func raw(number uintptr, args ...uintptr) unix.Errno {
	return onThread(func() unix.Errno { return rawHere(number, args...) })
}

func rawHere(number uintptr, args ...uintptr) unix.Errno {
	var a [6]uintptr
	copy(a[:], args)
	_, _, e := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
	return e
}

func onThread(f func() unix.Errno) unix.Errno {
	result := make(chan unix.Errno)
	go func() {
		runtime.LockOSThread()
		result <- f()
	}()
	return <-result
}

// request is a system call of a forked child.
type request struct {
	number uintptr
	args   [6]uintptr
}

// forked makes system calls one after the other in a child of one thread, and
// gives the errno of the last. Those before it may fail.
func forked(calls ...request) unix.Errno {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, e := fork(uintptr(unix.SIGCHLD), calls)
	if e != 0 {
		return e
	}
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if status.Signaled() {
		return unix.EFAULT
	}
	return unix.Errno(status.ExitStatus())
}

// fork copies the calling thread. The child shares nothing with the Go runtime
// but its memory as it was, so it only makes raw calls, and exits.
//
//go:norace
//go:noinline
func fork(flags uintptr, calls []request) (int, unix.Errno) {
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, flags, 0, 0, 0, 0, 0)
	if e != 0 || pid != 0 {
		return int(pid), e
	}
	var last unix.Errno
	for i := range calls {
		c := &calls[i]
		_, _, last = unix.RawSyscall6(c.number, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
	}
	for {
		_, _, _ = unix.RawSyscall6(unix.SYS_EXIT_GROUP, uintptr(last), 0, 0, 0, 0, 0)
	}
}

// sleepers are forked children that wait to be killed.
type sleepers []int

func (s *sleepers) add() unix.Errno {
	// ppoll(2) of nothing and without a time ends by a signal only.
	pid, e := fork(uintptr(unix.SIGCHLD), []request{{number: unix.SYS_PPOLL}})
	if e == 0 {
		*s = append(*s, pid)
	}
	return e
}

func (s sleepers) end() {
	for _, pid := range s {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	for _, pid := range s {
		_, _ = unix.Wait4(pid, nil, 0, nil)
	}
}

// expecting turns an errno that only comes after the permission was checked into
// success.
func expecting(after, got unix.Errno) unix.Errno {
	switch got {
	case after:
		return 0
	case 0:
		return unix.EIO
	}
	return got
}

var errUnknown = errors.New("probe does not know it")

func unknown(kind, name string) error { return fmt.Errorf("%s %s: %w", kind, name, errUnknown) }
