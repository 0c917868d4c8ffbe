//go:build linux

package runner

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// flow copies between a pipe of ours and a stream of the caller's, one way. The
// calls are the kernel's own, not those of os.File, which would end the runner by
// SIGPIPE when the reader of its stdout goes away (os/signal, "SIGPIPE").
type flow struct {
	name   string
	input  bool
	pipe   int
	caller callerEnd
	stop   int

	// done is closed at the end; err and left, the bytes that were not copied when
	// the flow was stopped, are valid then.
	done chan struct{}
	err  error
	left int
}

func (f *flow) run() {
	defer close(f.done)
	// The end of the pipe is the program's end of input, or its EPIPE.
	defer f.close()
	if f.input {
		f.copyIn()
	} else {
		f.copyOut()
	}
}

func (f *flow) close() {
	_ = unix.Close(f.pipe)
	f.caller.close()
}

// outputChunk is moved at once. No splice(2): into a regular file it does not take
// the lock of the offset that write(2) takes, so that lines which the runner or
// another process writes to the same open file are lost; into a socket it may
// block where send(2) can be told not to. Neither was faster with a buffer of this size.
const outputChunk = 256 << 10

func (f *flow) copyOut() {
	buf := make([]byte, min(outputChunk, f.caller.chunk))
	for {
		if !f.wait(f.pipe, unix.POLLIN) {
			f.left = queued(f.pipe)
			return
		}
		n, err := unix.Read(f.pipe, buf)
		if transient(err) {
			continue
		}
		if err != nil {
			f.err = fmt.Errorf("%s: read the program's: %w", f.name, err)
			return
		}
		if n == 0 {
			return
		}
		left, err := f.put(f.caller.fd, f.caller.write, buf[:n])
		switch {
		case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ECONNRESET):
			// The reader went away, which is its right: the program gets EPIPE in turn.
			return
		case err != nil:
			f.err = fmt.Errorf("%s: write: %w", f.name, err)
			return
		case left > 0:
			f.left = left + queued(f.pipe)
			return
		}
	}
}

// copyIn reads ahead what the pipe has room for, and nothing once the program has
// closed its end. Reading a terminal from the background stops the runner by
// SIGTTIN, as the shell expects of a job; so can TOSTOP and SIGTTOU in copyOut.
func (f *flow) copyIn() {
	size, err := unix.FcntlInt(uintptr(f.pipe), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		f.err = fmt.Errorf("%s: size of the pipe: %w", f.name, err)
		return
	}
	buf := make([]byte, size)
	for f.wait(f.pipe, unix.POLLOUT) && f.wait(f.caller.fd, unix.POLLIN) {
		n, err := f.caller.read(buf[:max(1, size-queued(f.pipe))])
		if errors.Is(err, unix.EAGAIN) {
			time.Sleep(unkept)
		}
		if transient(err) {
			continue
		}
		if err != nil {
			f.err = fmt.Errorf("%s: read: %w", f.name, err)
			return
		}
		if n == 0 {
			return
		}
		if left, err := f.put(f.pipe, func(p []byte) (int, error) { return unix.Write(f.pipe, p) }, buf[:n]); left > 0 || err != nil {
			return // the program reads no more
		}
	}
}

// unkept is the pause after poll(2) promised what the call did not keep, as it does
// while a socket has a message in its error queue: without it the flow would spin.
const unkept = 5 * time.Millisecond

// put writes everything, unless it fails or is stopped; left is what it did not.
func (f *flow) put(fd int, write func([]byte) (int, error), p []byte) (left int, err error) {
	for len(p) > 0 {
		if !f.wait(fd, unix.POLLOUT) {
			return len(p), nil
		}
		n, err := write(p)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN), err == nil && n == 0:
			time.Sleep(unkept)
		case err != nil:
			return len(p), err
		default:
			p = p[n:]
		}
	}
	return 0, nil
}

// wait waits until a descriptor can be used, or has failed, which its use will
// tell. It returns false when the flow has to end: the relay is stopped, or the
// program has closed its input.
func (f *flow) wait(fd int, events int16) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}, {Fd: int32(f.stop), Events: unix.POLLIN}}
	if f.input {
		fds = append(fds, unix.PollFd{Fd: int32(f.pipe)})
	}
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			f.err = fmt.Errorf("%s: poll: %w", f.name, err)
			return false
		}
		for _, other := range fds[1:] {
			if other.Revents != 0 {
				return false
			}
		}
		return true
	}
}

// queued is how many bytes a pipe holds.
func queued(pipe int) int {
	n, err := unix.IoctlGetInt(pipe, unix.TIOCINQ) // FIONREAD in pipe(7)
	if err != nil {
		return 0
	}
	return n
}

func transient(err error) bool {
	return errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN)
}
