//go:build linux

package stage

import (
	"fmt"

	"golang.org/x/sys/unix"

	"confine/compiler"
)

// placeStreams gives the program its stdout and stderr, which the wrapper kept.
func placeStreams() error {
	for from, to := range map[int]int{StdoutFD: 1, StderrFD: 2} {
		if err := unix.Dup3(from, to, 0); err != nil {
			return fmt.Errorf("place descriptor %d: %w", to, err)
		}
	}
	return nil
}

// closeAtExecve closes everything of ours and of the wrapper's at execve.
func closeAtExecve(e compiler.Expectation) error {
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close descriptors at execve: %w", err)
	}
	// Ours are open for certain: they tell whether anything was closed.
	ours := []uintptr{ControlFD, BinaryFD, OrderFD, ControlsFD, StdoutFD, StderrFD}
	if e.Guest {
		ours = []uintptr{ControlFD, OrderFD, ControlsFD}
	}
	for _, fd := range ours {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			return fmt.Errorf("descriptor %d would stay open at execve", fd)
		}
	}
	return nil
}
