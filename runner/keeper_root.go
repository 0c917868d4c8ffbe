//go:build linux

package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
)

// Where a keeper has things, in a root file system of its own: a tmpfs of which nothing
// is left when the last process of the launch has ended, however that came.
const (
	keeperHost   = "/host" // the root file system of the host
	keeperBundle = "/bundle"
	keeperState  = "/state"
	keeperLog    = "/log.json"
	keeperPanic  = "/panic.log"
	keeperDebug  = "/debug.%COMMAND%.log"
)

// makeKeeperRoot moves into that root. The host's is taken as a whole before anything
// is mounted, so that no path of it is covered.
func makeKeeperRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	tree, err := unix.OpenTree(unix.AT_FDCWD, "/", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return fmt.Errorf("take hold of the root file system: %w", err)
	}
	defer unix.Close(tree)
	// Any directory would do that every host has. The size is for the logs, in which a
	// guest may be able to make the sentry write.
	const base = "/proc"
	if err := unix.Mount("confine", base, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0711,size=64m"); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	for _, dir := range []string{keeperHost, keeperBundle, keeperState, "/proc", "/tmp", "/old"} {
		if err := os.Mkdir(base+dir, 0o700); err != nil {
			return fmt.Errorf("prepare the keeper's root: %w", err)
		}
	}
	if err := unix.MoveMount(tree, "", unix.AT_FDCWD, base+keeperHost, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount the root file system: %w", err)
	}
	if err := unix.PivotRoot(base, base+"/old"); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("enter the keeper's root: %w", err)
	}
	// runsc looks at processes by their numbers here.
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Unmount("/old", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	for _, link := range []string{"dev", "sys", "etc", "usr", "run"} {
		if err := os.Symlink(filepath.Join(keeperHost, link), "/"+link); err != nil {
			return fmt.Errorf("prepare the keeper's root: %w", err)
		}
	}
	return nil
}

// writeBundle makes the skeleton, parents first, and then gives the directories their
// modes, under which nothing could be made in them.
func writeBundle(nodes []compiler.Node, config []byte) error {
	at := func(n compiler.Node) string { return filepath.Join(keeperBundle, n.Path) }
	for _, n := range nodes {
		var err error
		switch n.Kind {
		case compiler.NodeDirectory:
			err = os.Mkdir(at(n), 0o700)
		case compiler.NodeLink:
			err = os.Symlink(n.Target, at(n))
		default:
			err = os.WriteFile(at(n), []byte(n.Text), 0o600)
		}
		if err != nil {
			return fmt.Errorf("make the skeleton: %w", err)
		}
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		if n := nodes[i]; n.Kind != compiler.NodeLink {
			if err := os.Chmod(at(n), os.FileMode(n.Mode)); err != nil {
				return fmt.Errorf("make the skeleton: %w", err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(keeperBundle, "config.json"), config, 0o600); err != nil {
		return fmt.Errorf("write config.json: %w", err)
	}
	return nil
}

// insideKeeper is where a keeper finds a path of the host.
func insideKeeper(path string) string { return keeperHost + "/" + strings.TrimPrefix(path, "/") }
