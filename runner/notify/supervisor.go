//go:build linux

package notify

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"confine/runner/rights"
)

// maxReading is how many calls are looked at at one time. The others wait in the kernel.
const maxReading = 64

// supervisor stands between the kernel and the runner. It makes the sockets, and decides
// nothing of connections.
type supervisor struct {
	listener listener
	// runner is the socket to the runner.
	runner int
	slots  chan struct{}
	table  *table
	// calls are those that are looked at.
	calls sync.WaitGroup

	mutex sync.Mutex
	// asked are the sockets of the calls that the runner was asked for.
	asked map[uint64]uint64
}

// Supervise supervises what runs under the filter whose listener comes by a socket of
// [Pair]. It returns 0 when nothing of that is left, and 1 when the runner has gone, or
// nothing can be supervised. The process must exit then: calls that still wait are answered
// when its descriptors close.
//
// Where kernel.yama.ptrace_scope is 1, the program has to be below this process.
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

// SuperviseWithin is [Supervise] in a process that goes on, which can be the runner itself:
// it returns when nothing is left that runs under the filter, and the broker is closed.
// lost is called when calls are not answered any more although something may be left; it has
// to end that.
func SuperviseWithin(runner *os.File, lost func()) {
	defer runner.Close()
	s, err := takeOver(int(runner.Fd()))
	if err != nil {
		lost()
		return
	}
	gone, replied := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(replied)
		s.reply()
		select {
		case <-gone:
		default:
			lost()
		}
	}()
	if s.receive() != 0 {
		lost()
	}
	close(gone)
	<-replied
	s.calls.Wait()
	_ = unix.Close(s.listener.fd)
	s.table.close()
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
		s := &supervisor{runner: runner, slots: make(chan struct{}, maxReading), asked: map[uint64]uint64{}}
		if s.listener, err = newListener(fd); err != nil {
			return nil, err
		}
		s.table, err = newTable()
		return s, err
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
		s.calls.Go(func() {
			defer func() { <-s.slots }()
			if err := s.handle(n); err != nil {
				s.listener.answer(n.id, errnoOf(err))
			}
		})
	}
}

// handle answers a call, or gives the error with which it fails.
func (s *supervisor) handle(n notification) error {
	switch n.number {
	case unix.SYS_SOCKET:
		return s.makeSocket(n)
	case unix.SYS_CONNECT:
		return s.ask(n)
	}
	return unix.ENOSYS
}

// makeSocket gives the program a socket for TCP, or none.
func (s *supervisor) makeSocket(n notification) error {
	const flags = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	family, kind, protocol := int(int32(n.args[0])), int(int32(n.args[1])), int(int32(n.args[2]))
	switch {
	case family != unix.AF_INET && family != unix.AF_INET6:
		return unix.EAFNOSUPPORT
	case kind&^flags != unix.SOCK_STREAM:
		return unix.EACCES
	case protocol != 0 && protocol != unix.IPPROTO_TCP:
		return unix.EPROTONOSUPPORT
	}
	inode, fd, err := s.table.add(family, kind&unix.SOCK_NONBLOCK)
	if err != nil {
		return err
	}
	err = s.listener.give(n.id, fd, kind&unix.SOCK_CLOEXEC != 0)
	s.table.give(inode, err == nil)
	return err
}

// ask hands a connect to the runner. Who cannot be looked at gets the error that says so.
func (s *supervisor) ask(n notification) error {
	if n.thread == 0 {
		return unix.ESRCH
	}
	inode, err := inodeOf(n.thread, int(int32(n.args[0])))
	if err != nil {
		return err
	}
	address, err := readAddress(n.thread, n.args[1], int32(n.args[2]))
	if err != nil {
		return err
	}
	// Another thread may have got the number meanwhile, if this one has ended.
	if !s.listener.valid(n.id) {
		return unix.ESRCH
	}
	fd, err := s.table.take(inode)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	s.mutex.Lock()
	s.asked[n.id] = inode
	s.mutex.Unlock()
	err = unix.Sendmsg(s.runner, appendRequest(n.id, address), unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
	if err != nil {
		s.answered(n.id)
	}
	return err
}

// answered gives the socket of a call that the runner was asked for.
func (s *supervisor) answered(id uint64) uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	inode := s.asked[id]
	delete(s.asked, id)
	return inode
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
		inode := s.answered(id)
		if errno == 0 {
			s.table.connected(inode)
		}
		s.listener.answer(id, errno)
	}
}
