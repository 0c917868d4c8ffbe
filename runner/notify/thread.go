//go:build linux

package notify

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// takeSocket takes a descriptor of a thread.
func takeSocket(thread, descriptor int) (int, error) {
	pidfd, err := openThread(thread)
	if err != nil {
		return -1, err
	}
	defer func() { _ = unix.Close(pidfd) }()
	fd, err := unix.PidfdGetfd(pidfd, descriptor, 0)
	if err != nil {
		return -1, err
	}
	if _, err := inspect(fd); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// openThread opens a thread, whose descriptors can be other than those of its process, or
// before Linux 6.9 the process: pidfd_open(2).
func openThread(thread int) (int, error) {
	pidfd, err := unix.PidfdOpen(thread, unix.PIDFD_THREAD)
	if !errors.Is(err, unix.EINVAL) {
		return pidfd, err
	}
	process, err := processOf(thread)
	if err != nil {
		return -1, err
	}
	return unix.PidfdOpen(process, 0)
}

// processOf finds the process of a thread, see proc_pid_status(5).
func processOf(thread int) (int, error) {
	status, err := os.ReadFile(proc(thread, "status"))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		if id, ok := bytes.CutPrefix(line, []byte("Tgid:")); ok {
			return strconv.Atoi(string(bytes.TrimSpace(id)))
		}
	}
	return 0, fmt.Errorf("thread %d: %w", thread, unix.ESRCH)
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
	defer func() { _ = unix.Close(memory) }()
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
