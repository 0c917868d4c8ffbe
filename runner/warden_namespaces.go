//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/stage"
)

// wardenNamespaces are those of a launch without a wrapper. The warden is PID 1 there, with
// whose end the kernel ends everything, and has the ids of the program's user on both sides.
func wardenNamespaces(uid, gid int) *syscall.SysProcAttr {
	attr := keeperNamespaces(uid, gid)
	attr.UidMappings[0].ContainerID, attr.GidMappings[0].ContainerID = uid, gid
	attr.Credential.Uid, attr.Credential.Gid = uint32(uid), uint32(gid)
	// For the mounts; the warden gives them up before anything else is started.
	attr.AmbientCaps = allCapabilities()
	return attr
}

// prepareNamespaces takes the controls in the mounts of the machine, makes those of the
// launch, and gives up what that took.
func prepareNamespaces(order *stage.Order, reach stage.Reach) error {
	controls, err := controlsWithout(order, reach)
	if err != nil {
		return err
	}
	if err := stage.WriteControls(controls); err != nil {
		return err
	}
	if err := makeMounts(order.Expectation); err != nil {
		return err
	}
	if order.Expectation.Network == policy.NetworkNone {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
	}
	if err := emptyBounding(); err != nil {
		return err
	}
	return dropCapabilities()
}

// controlsWithout takes the controls without the capabilities of the user namespace: they
// open files of the program's user that are closed to it.
func controlsWithout(order *stage.Order, reach stage.Reach) (stage.Controls, error) {
	held, err := capabilities()
	if err != nil {
		return stage.Controls{}, err
	}
	lowered := held
	for i := range lowered {
		lowered[i].Effective = 0
	}
	if err := setCapabilities(lowered); err != nil {
		return stage.Controls{}, fmt.Errorf("lower capabilities: %w", err)
	}
	controls := stage.TakeControls(order, reach)
	if err := setCapabilities(held); err != nil {
		return stage.Controls{}, fmt.Errorf("raise capabilities: %w", err)
	}
	return controls, nil
}

// makeMounts gives each entry a mount with the flags of its mode, and new file systems to
// what the launch does not share. The entries are held before anything covers them.
func makeMounts(e compiler.Expectation) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	var held []heldMount
	defer func() {
		for _, m := range held {
			_ = unix.Close(m.fd)
		}
	}()
	for _, p := range e.Paths {
		if !p.Mode.Visible() || p.Mode == policy.ModeTmp {
			continue
		}
		fd, err := unix.OpenTree(unix.AT_FDCWD, p.Path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE|unix.AT_SYMLINK_NOFOLLOW)
		if p.Optional && errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return fmt.Errorf("take hold of %s%s: %w", p.Path, where(p.At), err)
		}
		held = append(held, heldMount{p.PathEntry, fd})
	}
	if err := closeRest(); err != nil {
		return err
	}
	for _, m := range held {
		if err := m.mount(); err != nil {
			return fmt.Errorf("mount %s%s: %w", m.Path, where(m.At), err)
		}
	}
	for _, p := range e.Paths {
		if p.Mode == policy.ModeTmp {
			if err := mountTmp(p.Path, p.Size); err != nil {
				return fmt.Errorf("mount a tmpfs at %s%s: %w", p.Path, where(p.At), err)
			}
		}
	}
	if e.Dev == policy.DevMinimal {
		if err := mountTmp(stage.SharedMemory, 0); err != nil {
			return fmt.Errorf("mount a tmpfs at %s%s: %w", stage.SharedMemory, where(e.DevAt), err)
		}
	}
	// With nothing in it but processes: names of the machine's are not there to be closed.
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "subset=pid"); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

// closeRest lets nothing be written or executed but by the mounts of the entries. A file of
// one can have other paths, by mounts of the machine's, and loses the entry's mount when the
// machine removes its name (umount(2)): Landlock, which knows the file, does not tell these.
func closeRest() error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOEXEC}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &attr); err != nil {
		return fmt.Errorf("make what no entry covers read-only and noexec: %w", err)
	}
	return nil
}

// heldMount is an entry and what is at it on the machine.
type heldMount struct {
	policy.PathEntry
	fd int
}

// mount puts it there again, with the flags of its mode.
func (m heldMount) mount() error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID}
	if m.Mode != policy.ModeWrite {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	if m.Mode != policy.ModeMap && m.Mode != policy.ModeExec {
		attr.Attr_set |= unix.MOUNT_ATTR_NOEXEC
	}
	if err := unix.MountSetattr(m.fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		return fmt.Errorf("set its flags: %w", err)
	}
	return unix.MoveMount(m.fd, "", unix.AT_FDCWD, m.Path, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// mountTmp mounts an empty file system; a size of 0 is the kernel's default, half of the
// memory. No page is counted for what a name, a short link or an empty file takes, so with a
// size there are as many files as pages, and the root.
func mountTmp(path string, size uint64) error {
	options := "mode=1777"
	if size != 0 {
		page := uint64(os.Getpagesize())
		options += fmt.Sprintf(",size=%d,nr_inodes=%d", size, (size-1)/page+2)
	}
	return unix.Mount("confine", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options)
}

// wardenTrialArgument makes the binary a warden that only tries its namespaces.
const wardenTrialArgument = "__ward-trial"

// wardenTrialMain prints what a warden could not do.
func wardenTrialMain() int {
	one := policy.PathEntry{Path: "/dev", Mode: policy.ModeRead}
	err := makeMounts(compiler.Expectation{Paths: []compiler.PathExpectation{{PathEntry: one}}, Dev: policy.DevMinimal})
	if err == nil {
		err = unix.Unshare(unix.CLONE_NEWNET)
	}
	if err == nil {
		err = emptyBounding()
	}
	return tried(err)
}

// probeWardenNamespaces tries what a warden does first. The answer is empty if it can.
func probeWardenNamespaces() string {
	return tryKeeper(wardenTrialArgument, wardenNamespaces(os.Getuid(), os.Getgid()))
}
