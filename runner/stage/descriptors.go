//go:build linux

package stage

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// placeDescriptors gives the program its stdout and stderr and closes everything
// else of ours and of the wrapper's at execve.
func placeDescriptors() error {
	for from, to := range map[int]int{StdoutFD: 1, StderrFD: 2} {
		if err := unix.Dup3(from, to, 0); err != nil {
			return fmt.Errorf("place descriptor %d: %w", to, err)
		}
	}
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close descriptors at execve: %w", err)
	}
	// Ours are open for certain: they tell whether anything was closed.
	for fd := uintptr(ControlFD); fd <= StderrFD; fd++ {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			return fmt.Errorf("descriptor %d would stay open at execve", fd)
		}
	}
	return nil
}
