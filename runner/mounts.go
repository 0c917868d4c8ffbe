//go:build linux

package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/runner/stage"
)

// firejailState is where firejail keeps a file for each running sandbox. A tmpfs
// of the launch's own there vanishes with it, however it ends, and spares the
// race of first starts (firejail issue #6307).
const firejailState = "/run/firejail"

// prepareMounts works in the mount namespace that the runner cloned for the
// launcher: nothing of it reaches the host, and it ends with the last process.
func prepareMounts(mounts []compiler.Mount, files []compiler.GatewayFile) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := os.MkdirAll(firejailState, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", firejailState, err)
	}
	if err := unix.Mount("tmpfs", firejailState, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=16m"); err != nil {
		return fmt.Errorf("mount on %s: %w", firejailState, err)
	}
	// firejail shows the host's own /dev/shm if somebody put a jack* file there
	// (fs_dev.c); anybody can, so it gets an empty one to look at.
	if _, err := os.Stat(stage.SharedMemory); err == nil {
		mounts = append(mounts, compiler.Mount{Path: stage.SharedMemory, Clause: "filesystem.dev"})
	}
	for _, m := range mounts {
		data := "mode=1777"
		if m.Size != 0 {
			data = fmt.Sprintf("%s,size=%d", data, m.Size)
		}
		if err := mountTmpfs(m.Path, data); err != nil {
			return fmt.Errorf("mount on %s for %s (%s): %w", m.Path, m.Clause, m.At, err)
		}
	}
	for _, f := range files {
		if err := replaceFile(f); err != nil {
			return fmt.Errorf("mount on %s for network.mode: %w", f.Path, err)
		}
	}
	return nil
}

// replaceFile mounts a file of the launch's own over one of the host's. It keeps its name:
// firejail (fs_whitelist.c) does not find a mounted file that has none.
func replaceFile(f compiler.GatewayFile) error {
	own := filepath.Join(firejailState, "confine-"+filepath.Base(f.Path))
	if err := os.WriteFile(own, []byte(f.Text), 0o644); err != nil {
		return err
	}
	// The umask of the caller can have taken away that others read it.
	if err := os.Chmod(own, 0o644); err != nil {
		return err
	}
	target, err := unix.Openat2(unix.AT_FDCWD, f.Path, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS})
	if err != nil {
		return err
	}
	defer unix.Close(target)
	return unix.Mount(own, "/proc/self/fd/"+strconv.Itoa(target), "", unix.MS_BIND, "")
}

// mountTmpfs mounts on a directory that is really at the path: with a link on the
// way, whoever can change it would choose what root mounts over.
func mountTmpfs(path, data string) error {
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	target := "/proc/self/fd/" + strconv.Itoa(fd)
	return unix.Mount("tmpfs", target, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, data)
}
