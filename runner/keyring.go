//go:build linux

package runner

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// leaveKeyring starts a session keyring: the program could read the keys of its caller's
// otherwise, see keyrings(7). A kernel without keyrings has none to read.
func leaveKeyring() error {
	_, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	if err == nil || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) && keyringsDenied() {
		return nil
	}
	return fmt.Errorf("start a session keyring: %w", err)
}

// keyringsDenied reports whether a filter, which everything started here inherits, denies
// all calls that reach a key, as Docker's default profile does. The kernel itself has other
// errors for these arguments.
func keyringsDenied() bool {
	const noOption = ^uintptr(0)
	for _, call := range [][2]uintptr{{unix.SYS_KEYCTL, noOption}, {unix.SYS_ADD_KEY, 0}, {unix.SYS_REQUEST_KEY, 0}} {
		if _, _, err := unix.RawSyscall6(call[0], call[1], 0, 0, 0, 0, 0); err != unix.EPERM {
			return false
		}
	}
	return true
}
