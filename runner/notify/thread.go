//go:build linux

package notify

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// inodeOf gives the number of a thread's socket, see "socket:[inode]" in proc_pid_fd(5).
func inodeOf(thread, descriptor int) (uint64, error) {
	link, err := os.Readlink(proc(thread, "fd/"+strconv.Itoa(descriptor)))
	if errors.Is(err, unix.ENOENT) {
		return 0, unix.EBADF
	}
	if err != nil {
		return 0, err
	}
	inode, ok := socketInode(link)
	if !ok {
		return 0, unix.ENOTSOCK
	}
	return inode, nil
}

func socketInode(link string) (uint64, bool) {
	text, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return 0, false
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64)
	return inode, err == nil
}

// readAddress reads the address that a thread gave connect(2), with the errors that
// connect(2) has for it.
func readAddress(thread int, at uint64, size int32) ([]byte, error) {
	if size < 0 || size > maxAddress {
		return nil, unix.EINVAL
	}
	if size == 0 {
		return nil, nil
	}
	memory, err := unix.Open(proc(thread, "mem"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(memory)
	address := make([]byte, size)
	for {
		n, err := unix.Pread(memory, address, int64(at))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n < len(address) {
			return nil, unix.EFAULT
		}
		return address, nil
	}
}

func proc(thread int, file string) string { return "/proc/" + strconv.Itoa(thread) + "/" + file }
