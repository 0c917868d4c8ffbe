//go:build linux

package notify

import (
	"os"
	"strconv"
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
	// sweeping is held during a sweep.
	sweeping sync.Mutex
	mutex    sync.Mutex
	sockets  map[uint64]*made
	// limit is how many sockets there may be before the next sweep, and most how many may
	// have a descriptor here, as held have.
	limit, most, held int
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
	t.makeRoom()
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

// close forgets all sockets.
func (t *table) close() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for inode := range t.sockets {
		t.forget(inode)
	}
}

// makeRoom sweeps if it is time for that. Whoever comes meanwhile waits for the room.
func (t *table) makeRoom() {
	if !t.full() {
		return
	}
	t.sweeping.Lock()
	defer t.sweeping.Unlock()
	if t.full() {
		t.sweep()
	}
}

func (t *table) full() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return len(t.sockets) >= t.limit || t.held >= t.most
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
}

// openSockets are the inodes of the sockets of all other processes that can be looked at.
// Threads need not share their descriptors.
func openSockets() map[uint64]bool {
	found := map[uint64]bool{}
	own := strconv.Itoa(os.Getpid())
	eachIn("/proc", func(process string) {
		if process == own || process[0] < '0' || process[0] > '9' {
			return
		}
		tasks := "/proc/" + process + "/task"
		eachIn(tasks, func(thread string) {
			descriptors := tasks + "/" + thread + "/fd"
			eachIn(descriptors, func(fd string) {
				if link, err := os.Readlink(descriptors + "/" + fd); err == nil {
					if inode, ok := socketInode(link); ok {
						found[inode] = true
					}
				}
			})
		})
	})
	return found
}

// eachIn gives the names in a directory, a few at a time. One that cannot be read, or is
// gone, has none.
func eachIn(directory string, do func(name string)) {
	const few = 256
	d, err := os.Open(directory)
	if err != nil {
		return
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(few)
		for _, name := range names {
			do(name)
		}
		if err != nil {
			return
		}
	}
}
