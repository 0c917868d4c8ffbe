//go:build linux

package notify

import (
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// firstSweep is how many sockets there may be before it is looked for those that their
// program has closed: nothing tells of that.
const firstSweep = 512

// table has the sockets that programs were given, by their inodes. Of those that are not
// connected yet it keeps a descriptor. Nobody else's would do: pidfd_getfd(2) is denied
// where containers have no CAP_SYS_PTRACE.
type table struct {
	mutex   sync.Mutex
	sockets map[uint64]*made
	// limit is how many sockets there may be before the next sweep, and most how many may
	// have a descriptor here.
	limit, most, held int
	sweeping          bool
}

// made is a socket that a program was given.
type made struct {
	// fd is -1 once the socket was connected: the program's close(2) ends the connection.
	fd int
	// given is that the program has it.
	given bool
}

func newTable() (*table, error) {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return nil, err
	}
	// The other half is for the calls that are looked at, and for sockets on their way.
	return &table{sockets: map[uint64]*made{}, limit: firstSweep, most: int(min(files.Cur, 1<<20) / 2)}, nil
}

// add makes a socket for a program.
func (t *table) add(family, flags int) (inode uint64, fd int, err error) {
	if t.full() {
		t.sweep()
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|flags, unix.IPPROTO_TCP)
	if err != nil {
		return 0, -1, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if err == nil && t.held >= t.most {
		err = unix.ENFILE
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, -1, err
	}
	t.sockets[st.Ino] = &made{fd: fd}
	t.held++
	return st.Ino, fd, nil
}

// give says that a program has got a socket, or else forgets it.
func (t *table) give(inode uint64, got bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if m := t.sockets[inode]; m != nil {
		m.given = got
		if !got {
			t.forget(inode)
		}
	}
}

// take gives a descriptor of a socket, that the caller closes.
func (t *table) take(inode uint64) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	m := t.sockets[inode]
	switch {
	case m == nil:
		return -1, unix.EACCES
	case m.fd < 0:
		return -1, unix.EISCONN
	}
	return unix.FcntlInt(uintptr(m.fd), unix.F_DUPFD_CLOEXEC, 0)
}

// connected leaves a socket to its program alone.
func (t *table) connected(inode uint64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if m := t.sockets[inode]; m != nil {
		t.leave(m)
	}
}

func (t *table) leave(m *made) {
	if m.fd >= 0 {
		_ = unix.Close(m.fd)
		m.fd = -1
		t.held--
	}
}

func (t *table) forget(inode uint64) {
	t.leave(t.sockets[inode])
	delete(t.sockets, inode)
}

// full reports whether it is time for a sweep, and that the caller makes it.
func (t *table) full() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.sweeping || len(t.sockets) < t.limit && t.held < t.most {
		return false
	}
	t.sweeping = true
	return true
}

// sweep forgets the sockets that no process has any more.
func (t *table) sweep() {
	t.mutex.Lock()
	var old []uint64
	for inode, m := range t.sockets {
		if m.given {
			old = append(old, inode)
		}
	}
	t.mutex.Unlock()
	open := openSockets()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, inode := range old {
		if !open[inode] && t.sockets[inode] != nil {
			t.forget(inode)
		}
	}
	t.limit = max(firstSweep, 2*len(t.sockets))
	t.sweeping = false
}

// openSockets are the inodes of the sockets of all other processes that can be looked at.
// Threads need not share their descriptors.
func openSockets() map[uint64]bool {
	own := proc(os.Getpid(), "task/")
	found := map[uint64]bool{}
	links, _ := filepath.Glob("/proc/[0-9]*/task/[0-9]*/fd/[0-9]*")
	for _, link := range links {
		if len(link) > len(own) && link[:len(own)] == own {
			continue
		}
		to, err := os.Readlink(link)
		if err != nil {
			continue
		}
		if inode, ok := socketInode(to); ok {
			found[inode] = true
		}
	}
	return found
}
