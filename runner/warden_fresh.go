//go:build linux

package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// A freshDirectory is one of a launch, in the place of a tmp entry. It is held from the
// beginning: a name can mean another directory by the time it is removed.
type freshDirectory struct {
	path string
	held *os.File
}

type freshDirectories []freshDirectory

// makeFresh makes the directories of the launch, for their owner alone.
func makeFresh(fresh map[string]string) (made freshDirectories, err error) {
	unix.Umask(0o077)
	for _, path := range slices.Sorted(maps.Keys(fresh)) {
		if err := os.Mkdir(fresh[path], 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("make a directory for [filesystem] tmp: %w", err), made.remove())
		}
		held, err := hold(unix.AT_FDCWD, fresh[path])
		if err != nil {
			return nil, fmt.Errorf("hold a directory for [filesystem] tmp: %w", err)
		}
		made = append(made, freshDirectory{fresh[path], held})
	}
	return made, nil
}

// holdFresh holds the directories of a launch before its program runs.
func holdFresh(fresh map[string]string) (held freshDirectories, err error) {
	for _, path := range slices.Sorted(maps.Keys(fresh)) {
		f, err := hold(unix.AT_FDCWD, fresh[path])
		if err != nil {
			held.release()
			return nil, fmt.Errorf("hold a directory of [filesystem] tmp: %w", err)
		}
		held = append(held, freshDirectory{fresh[path], f})
	}
	return held, nil
}

func (d freshDirectories) release() {
	for _, f := range d {
		_ = f.held.Close()
	}
}

// hold opens a directory, and no link to one, without a right to anything in it.
func hold(dir int, name string) (*os.File, error) {
	fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// same reports whether a name still leads to what is held.
func (d freshDirectory) same() bool {
	var now, then unix.Stat_t
	return unix.Lstat(d.path, &now) == nil && unix.Fstat(int(d.held.Fd()), &then) == nil && now.Dev == then.Dev && now.Ino == then.Ino
}

// remove removes the directories with all that is in them.
func (d freshDirectories) remove() error {
	var failed []error
	for _, f := range d {
		err := emptyTree(f.held)
		switch {
		case err != nil:
		case !f.same():
			err = errors.New("it is no longer where it was made")
		default:
			err = os.Remove(f.path)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("remove %s, a directory of [filesystem] tmp: %w", f.path, err))
		}
	}
	return errors.Join(failed...)
}

// opened opens a held directory for its owner, whatever its mode is.
func opened(held *os.File) (*os.File, error) {
	// The kernel's name for the descriptor leads to the directory itself.
	name := "/proc/self/fd/" + strconv.Itoa(int(held.Fd()))
	if err := os.Chmod(name, 0o700); err != nil {
		return nil, err
	}
	return os.Open(name)
}

// emptyTree empties a directory whatever the program made of it: directories that are closed
// to their owner are opened, and those that lie in others are moved up before they are
// emptied, so that no chain of open directories gets long. It goes by descriptors alone, and
// follows no link.
func emptyTree(held *os.File) error {
	top, err := opened(held)
	if err != nil {
		return err
	}
	defer top.Close()
	for {
		if _, err := top.Seek(0, 0); err != nil {
			return err
		}
		names, err := top.Readdirnames(-1)
		if err != nil || len(names) == 0 {
			return err
		}
		for _, name := range names {
			if err := removeEntry(top, top, name); err != nil {
				return err
			}
			if err := unix.Unlinkat(int(top.Fd()), name, unix.AT_REMOVEDIR); err != nil && !errors.Is(err, unix.ENOENT) {
				return &os.PathError{Op: "remove", Path: name, Err: err}
			}
		}
	}
}

// removeEntry removes what is no directory. One that is gets empty: the directories in it are
// moved to the top.
func removeEntry(top, parent *os.File, name string) error {
	err := unix.Unlinkat(int(parent.Fd()), name, 0)
	if !errors.Is(err, unix.EISDIR) {
		return err
	}
	held, err := hold(int(parent.Fd()), name)
	if err != nil {
		return err
	}
	defer held.Close()
	dir, err := opened(held)
	if err != nil {
		return err
	}
	defer dir.Close()
	if parent != top {
		// It is at hand, and open to its owner, who can give it another parent now.
		return unix.Renameat(int(parent.Fd()), name, int(top.Fd()), strings.ToLower(rand.Text()))
	}
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := removeEntry(top, dir, name); err != nil {
			return err
		}
	}
	return nil
}

// removerArgument is the hidden first argument that makes the binary a remover, and
// removerOrderFD the order that it reads. The directories that it removes follow, in the
// order of their entries.
const (
	removerArgument = "__remove"
	removerOrderFD  = 3
)

// removerMain removes what a warden that was killed has left, as the program's user.
func removerMain() int {
	order := new(stage.Order)
	if err := stage.ReadSealed(removerOrderFD, "order", order); err != nil {
		return 1
	}
	var left freshDirectories
	for i, path := range slices.Sorted(maps.Keys(order.Fresh)) {
		left = append(left, freshDirectory{order.Fresh[path], os.NewFile(uintptr(removerOrderFD+1+i), path)})
	}
	if left.remove() != nil {
		return 1
	}
	return 0
}

// removeLeft starts a remover, if a directory of the launch is still there.
func (d freshDirectories) removeLeft(order *stage.Order, file *os.File) error {
	i := slices.IndexFunc(d, freshDirectory.same)
	if i < 0 {
		return nil
	}
	cmd := exec.Command("/proc/self/exe", removerArgument)
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.ExtraFiles = []*os.File{file}
	for _, f := range d {
		cmd.ExtraFiles = append(cmd.ExtraFiles, f.held)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(order.UID), Gid: uint32(order.GID)}
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("remove %s, which the program had for its temporary directory: %w", filepath.Clean(d[i].path), err)
	}
	return nil
}
