//go:build linux

package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel counts these for a message and its priority, besides its bytes (struct
// msg_msg and struct posix_msg_tree_node, mqueue_get_inode in ipc/mqueue.c).
const queueOverhead = 48 + 48

// openQueue makes a queue for one message that counts as n bytes.
func openQueue(n uint64) error {
	attributes := [8]int64{0, 1, int64(n) - queueOverhead}
	name := text(fmt.Sprintf("confine-probe-%d", n))
	fd, _, e := unix.RawSyscall6(unix.SYS_MQ_OPEN, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o600, uintptr(unsafe.Pointer(&attributes)), 0, 0)
	if e != 0 {
		return e
	}
	_ = unix.Close(int(fd))
	_ = rawHere(unix.SYS_MQ_UNLINK, name)
	return nil
}
