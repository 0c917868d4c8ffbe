//go:build linux

package runner

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"confine/runner/stage"
)

// removerArgument is the hidden first argument that makes the binary a remover, and
// removerOrderFD the order that it reads.
const (
	removerArgument = "__remove"
	removerOrderFD  = 3
)

// removerMain removes what a warden that was killed has left, as the program's user: a link
// that somebody puts there meanwhile leads no further than that user's own files.
func removerMain() int {
	order := new(stage.Order)
	if err := stage.ReadSealed(removerOrderFD, "order", order); err != nil || removeFresh(order.Fresh) != nil {
		return 1
	}
	return 0
}

// removeLeft starts a remover, if a directory of the launch is still there.
func removeLeft(order *stage.Order, file *os.File) error {
	left := ""
	for _, dir := range order.Fresh {
		if _, err := os.Lstat(dir); err == nil {
			left = dir
		}
	}
	if left == "" {
		return nil
	}
	cmd := exec.Command("/proc/self/exe", removerArgument)
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.ExtraFiles = []*os.File{file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(order.UID), Gid: uint32(order.GID)}
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("remove %s, which the program had for its temporary directory: %w", left, err)
	}
	return nil
}

// removeFresh removes the directories of the launch with all that is in them.
func removeFresh(fresh map[string]string) error {
	for _, path := range slices.Sorted(maps.Keys(fresh)) {
		if err := removeTree(fresh[path]); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove a directory of [filesystem] tmp: %w", err)
		}
	}
	return nil
}

// removeTree removes a directory whatever the program made of it: directories that are
// closed to their owner are opened, and those that lie in others are moved up before they
// are emptied, so that no path and no chain of open directories gets long.
func removeTree(top string) error {
	if err := os.Chmod(top, 0o700); err != nil {
		return err
	}
	for number := 0; ; {
		entries, err := os.ReadDir(top)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return os.Remove(top)
		}
		for _, entry := range entries {
			path := filepath.Join(top, entry.Name())
			if entry.IsDir() {
				if number, err = emptyInto(top, path, number); err != nil {
					return err
				}
			}
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
}

// emptyInto moves the directories that a directory holds to the top, under names that number
// counts, and removes the rest of it.
func emptyInto(top, dir string, number int) (int, error) {
	if err := os.Chmod(dir, 0o700); err != nil {
		return number, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return number, err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if !entry.IsDir() {
			if err := os.Remove(path); err != nil {
				return number, err
			}
			continue
		}
		// Another parent is written into it.
		if err := os.Chmod(path, 0o700); err != nil {
			return number, err
		}
		for moved := false; !moved; number++ {
			err := os.Rename(path, filepath.Join(top, "confine-"+strconv.Itoa(number)))
			if moved = err == nil; !moved && !errors.Is(err, os.ErrExist) {
				return number, err
			}
		}
	}
	return number, nil
}
