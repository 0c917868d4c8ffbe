//go:build linux

package main

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredfirejail/change"
)

func doctorLimits(limits []change.Limit) error {
	for _, l := range limits {
		if err := syscall.Setrlimit(l.Resource, &syscall.Rlimit{Cur: l.Value, Max: l.Value}); err != nil {
			return fmt.Errorf("set limit %d: %w", l.Resource, err)
		}
	}
	return nil
}

// doctorPrivileges fills the inheritable set, which a change of the user and
// execve(2) leave alone.
func doctorPrivileges(c change.Change) error {
	if c.Inheritable == 0 {
		return nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	sets[0].Inheritable = c.Inheritable
	if err := unix.Capset(&header, &sets[0]); err != nil {
		return fmt.Errorf("set capabilities: %w", err)
	}
	return nil
}

// becomeCaller goes back from the SUID bit to the caller, or to another.
func becomeCaller(as *change.User) error {
	uid := unix.Getuid()
	if as != nil {
		uid = as.UID
		if err := syscall.Setgroups(as.Groups); err != nil {
			return fmt.Errorf("set groups: %w", err)
		}
		if err := syscall.Setresgid(as.GID, as.GID, as.GID); err != nil {
			return fmt.Errorf("set the group: %w", err)
		}
	}
	if err := syscall.Setresuid(uid, uid, uid); err != nil {
		return fmt.Errorf("set the user: %w", err)
	}
	return nil
}
