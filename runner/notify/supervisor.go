//go:build linux

package notify

import (
	"errors"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/runner/rights"
)

const (
	// Argument is the hidden first argument that makes the binary a supervisor.
	Argument = "__notify"
	// Descriptor is the supervisor's end of the socket to the runner.
	Descriptor = 3
	// maxReading is how many calls are looked at at one time. The others wait in the kernel.
	maxReading = 64
)

// supervisor stands between the kernel and the runner. It decides nothing.
type supervisor struct {
	listener listener
	// runner is the socket to the runner.
	runner int
	slots  chan struct{}
}

// Main is the supervisor's process. It returns 0 when nothing is left that runs under the
// filter, and 1 when the runner has gone, or nothing can be supervised. It must exit then:
// calls that still wait are answered when its descriptors close.
func Main() int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	// Nobody of its own uid looks into it.
	if unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) != nil {
		return 1
	}
	return Supervise(Descriptor)
}

// Supervise is the supervisor in a process that does something else too: its descriptor of
// the socket to the runner, which it takes, and the code that [Main] would return. A program
// below this process can be supervised by it whatever kernel.yama.ptrace_scope says, up
// to 1.
func Supervise(runner int) int {
	s, err := takeOver(runner)
	if err != nil {
		return 1
	}
	ended := make(chan int, 2)
	go func() { ended <- s.receive() }()
	go func() { s.reply(); ended <- 1 }()
	return <-ended
}

// takeOver gets the listener.
func takeOver(runner int) (*supervisor, error) {
	buf, oob := make([]byte, len(handOver)), make([]byte, unix.CmsgSpace(4))
	for {
		_, oobn, _, _, err := unix.Recvmsg(runner, buf, oob, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		fd, ok := rights.Received(oob[:oobn])
		if !ok {
			return nil, unix.EBADF
		}
		l, err := newListener(fd)
		return &supervisor{listener: l, runner: runner, slots: make(chan struct{}, maxReading)}, err
	}
}

// receive takes notifications until nobody can make any.
func (s *supervisor) receive() int {
	for {
		fds := []unix.PollFd{{Fd: int32(s.listener.fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return 1
		}
		if fds[0].Revents&unix.POLLIN == 0 {
			return 0
		}
		s.slots <- struct{}{}
		n, err := s.listener.receive()
		if err != nil {
			<-s.slots
			if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINTR) {
				continue
			}
			return 1
		}
		go func() {
			defer func() { <-s.slots }()
			if err := s.forward(n); err != nil {
				s.listener.answer(n.id, errnoOf(err))
			}
		}()
	}
}

// forward hands a call to the runner. Who cannot be looked at gets the error that says so.
func (s *supervisor) forward(n notification) error {
	if n.thread == 0 {
		return unix.ESRCH
	}
	fd, err := takeSocket(n.thread, int(int32(n.args[0])))
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	address, err := readAddress(n.thread, n.args[1], int32(n.args[2]))
	if err != nil {
		return err
	}
	// Another thread may have got the number meanwhile, if this one has ended.
	if !s.listener.valid(n.id) {
		return unix.ESRCH
	}
	return unix.Sendmsg(s.runner, appendRequest(n.id, address), unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
}

// reply passes on what the runner says, until it has gone.
func (s *supervisor) reply() {
	buf := make([]byte, replySize+1)
	for {
		n, err := unix.Read(s.runner, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		id, errno, ok := readReply(buf[:max(n, 0)])
		if err != nil || !ok {
			return
		}
		s.listener.answer(id, errno)
	}
}
