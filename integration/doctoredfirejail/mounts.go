//go:build linux

package main

import (
	"fmt"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredfirejail/change"
)

// doctorMounts changes the mounts that firejail starts from, and nobody else's.
func doctorMounts(c change.Change) error {
	if len(c.Unmount)+len(c.Mount) == 0 {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare mounts: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	for _, path := range c.Unmount {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", path, err)
		}
	}
	for _, m := range c.Mount {
		var err error
		if m.From == "" {
			err = unix.Mount("tmpfs", m.At, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, fmt.Sprintf("mode=1777,size=%d", m.Size))
		} else {
			err = unix.Mount(m.From, m.At, "", unix.MS_BIND|unix.MS_REC, "")
		}
		if err != nil {
			return fmt.Errorf("mount %q on %s: %w", m.From, m.At, err)
		}
	}
	return nil
}
