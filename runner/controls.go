//go:build linux

package runner

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// controlsArgument is the hidden first argument that makes the binary a process that
// takes the controls of a guest, as the program's user, where there is no sandbox. A
// jail's launcher does that on its way.
const controlsArgument = "__controls"

func controlsMain() int {
	order, err := stage.ReadOrder()
	if err == nil {
		err = enterRoot(order)
	}
	if err == nil {
		err = stage.WriteControls(stage.TakeControls(order, stage.TakeReach(order.Listeners)))
	}
	if err != nil {
		_ = stage.Send(stage.Message{Kind: stage.Failure, Error: err.Error()})
		return 1
	}
	return 0
}

// enterRoot moves to where the paths of the policy are, and becomes the program's user.
// An ordinary caller's process is root of a user namespace at first, for chroot(2) alone.
func enterRoot(order *stage.Order) error {
	if order.Root != "" {
		if err := unix.Chroot(order.Root); err != nil {
			return fmt.Errorf("enter the root file system: %w", err)
		}
		if err := unix.Chdir("/"); err != nil {
			return fmt.Errorf("enter the root file system: %w", err)
		}
	}
	if order.ControlsAsRoot {
		return dropIDs(order.UID, order.GID)
	}
	// Of this thread, which is the one that looks at files.
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	return nil
}

// startControls starts it. files are those of the stage.
func startControls(files []*os.File, root string) (*exec.Cmd, error) {
	cmd := exec.Command("/proc/self/exe", controlsArgument)
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.ExtraFiles = files
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 && root != "" {
		cmd.SysProcAttr = keeperNamespaces(os.Getuid(), os.Getgid())
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the process that takes the controls: %w", err)
	}
	return cmd, nil
}
