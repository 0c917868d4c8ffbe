//go:build linux

package runner

import (
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// pipeBuf is PIPE_BUF, see pipe(7).
const pipeBuf = 4096

// callerEnd is a stream of the caller's. Its descriptor is mostly shared with
// others, so that O_NONBLOCK, a flag of what they share, is not to be set: each
// kind has another way not to block.
type callerEnd struct {
	// file keeps the descriptor from being closed.
	file *os.File
	fd   int
	// ours is a descriptor that nobody shares.
	ours   bool
	status unix.Stat_t
	// chunk is the most that one write may carry.
	chunk int
}

func newCallerEnd(file *os.File, number int) (callerEnd, error) {
	e := callerEnd{file: file, fd: int(file.Fd()), chunk: math.MaxInt}
	err := unix.Fstat(e.fd, &e.status)
	if err == nil {
		return e, nil
	}
	// Closed: the Go runtime, too, opens /dev/null in the place of one.
	e.ours = true
	if e.fd, err = unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return e, fmt.Errorf("open %s for %s, which is closed: %w", os.DevNull, streamNames[number], err)
	}
	if err := unix.Fstat(e.fd, &e.status); err != nil {
		e.close()
		return e, fmt.Errorf("look at %s: %w", os.DevNull, err)
	}
	return e, nil
}

func (e callerEnd) is(kind uint32) bool { return e.status.Mode&unix.S_IFMT == kind }

func (e callerEnd) same(other callerEnd) bool {
	return e.status.Dev == other.status.Dev && e.status.Ino == other.status.Ino
}

// avoidBlocking prepares what read and write need for that.
func (e *callerEnd) avoidBlocking(number int) {
	switch {
	case e.is(unix.S_IFSOCK):
		if kind, err := unix.GetsockoptInt(e.fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
			e.chunk = pipeBuf // one message each: longer ones do not fit everywhere
		}
	case e.is(unix.S_IFIFO):
		e.chunk = pipeBuf // what poll(2) promises room for
	case e.is(unix.S_IFCHR) && !e.ours:
		if again := openTerminalAgain(e.fd, number); again >= 0 {
			e.fd, e.ours = again, true
		}
	}
}

func (e callerEnd) close() {
	if e.ours {
		_ = unix.Close(e.fd)
	}
}

func (e callerEnd) read(p []byte) (int, error) {
	if e.is(unix.S_IFSOCK) {
		n, _, err := unix.Recvfrom(e.fd, p, unix.MSG_DONTWAIT)
		return n, err
	}
	return unix.Read(e.fd, p)
}

func (e callerEnd) write(p []byte) (int, error) {
	if e.is(unix.S_IFSOCK) {
		return unix.SendmsgN(e.fd, p, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	}
	return unix.Write(e.fd, p)
}

// openPipeAgain makes another open file of the caller's pipe, for the program
// alone: the sentry sets O_NONBLOCK on what it gets (pkg/sentry/fsimpl/host/host.go),
// and everybody who shares that would get EAGAIN. The owner, which configureStdios
// changes too, is the pipe's own and not kept. It is nil for what is no pipe, or
// cannot be opened, as one of another user's: that is relayed.
func (e callerEnd) openPipeAgain(number int) *os.File {
	if !e.is(unix.S_IFIFO) {
		return nil
	}
	again, flags := openAgain(e.fd, number)
	if again < 0 {
		return nil
	}
	// A FIFO that is opened when its last writer is gone never reports that it hung
	// up (fs/pipe.c, fifo_open): a program that polls its input would wait for ever.
	if number == 0 && hungUp(e.fd) || unix.SetNonblock(again, flags&unix.O_NONBLOCK != 0) != nil {
		_ = unix.Close(again)
		return nil
	}
	return os.NewFile(uintptr(again), streamNames[number])
}

func hungUp(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd)}}
	_, err := unix.Poll(fds, 0)
	return err != nil || fds[0].Revents != 0
}

// openTerminalAgain makes another open file of a terminal, which does not block.
// It is -1 where that cannot be, as with another user's terminal after su(1).
func openTerminalAgain(fd, number int) int {
	device, err := unix.IoctlGetInt(fd, unix.TIOCGDEV)
	if err != nil {
		return -1
	}
	again, _ := openAgain(fd, number)
	if again < 0 {
		return -1
	}
	// Opening the master's side makes another terminal, see ptmx(4).
	if same, err := unix.IoctlGetInt(again, unix.TIOCGDEV); err != nil || same != device {
		_ = unix.Close(again)
		return -1
	}
	return again
}

// openAgain opens what a descriptor has open, with O_NONBLOCK and for what its
// number is for, if the descriptor itself may be used for that.
func openAgain(fd, number int) (again, flags int) {
	mode := unix.O_WRONLY
	if number == 0 {
		mode = unix.O_RDONLY
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if access := flags & unix.O_ACCMODE; err != nil || access != mode && access != unix.O_RDWR {
		return -1, 0
	}
	again, err = unix.Open("/proc/self/fd/"+strconv.Itoa(fd), mode|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, 0
	}
	return again, flags
}
