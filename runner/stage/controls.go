//go:build linux

package stage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
)

// maxNames bounds how many names of one directory serve as canaries.
const maxNames = 4096

// TakeReach connects in the host's network namespace to what the stage will try inside.
func TakeReach(l Listeners) Reach {
	r := Reach{TCP: connectTCP(l.TCP) == nil, Abstract: connectAbstract(l.Abstract) == nil}
	if l.Host != "" {
		err := connectTCP(l.Host)
		r.Host = err == nil || errors.Is(err, unix.ECONNREFUSED)
	}
	return r
}

// TakeControls does outside the sandbox what the stage will try inside.
func TakeControls(order *Order, reach Reach) Controls {
	c := Controls{Reach: reach, Paths: map[string]PathControl{}, Mounts: map[string]PathControl{}, Open: map[string][]string{}}
	for _, p := range order.Expectation.Paths {
		c.Paths[p.Path] = controlPath(p.Path)
	}
	for _, point := range submounts(order.Expectation) {
		c.Mounts[point] = controlPath(point)
	}
	c.Links = linksOutside(order.Expectation)
	c.Limits = CurrentLimits()
	c.Directory = controlPath(order.Directory)
	for _, dir := range interior(order.Expectation) {
		for _, name := range uncovered(dir, order.Expectation) {
			if reachable(filepath.Join(dir, name)) {
				c.Open[dir] = append(c.Open[dir], name)
			}
		}
	}
	c.Calls = takeCalls(order.Expectation)
	if order.Expectation.Guest {
		c.Kernel = kernelAnswers()
	}
	return c
}

func controlPath(path string) PathControl {
	c := PathControl{Openable: openable(path), Writable: permitted(path, unix.W_OK), Reachable: reachable(path)}
	// After the others: to open a path can mount something there, see autofs(5).
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return PathControl{}
	}
	c.Exists = true
	c.Device, c.Inode = uint64(st.Dev), st.Ino //nolint:unconvert // 32 bits wide on some architectures
	var fs unix.Statfs_t
	c.ReadOnly = unix.Statfs(path, &fs) == nil && fs.Flags&unix.ST_RDONLY != 0
	return c
}

// interior returns the directories that lead to entries, or to links that are
// shown, without being covered by one: what else they hold must be closed.
func interior(e compiler.Expectation) []string {
	dirs := append([]string{"/"}, e.Emptied...)
	seen := map[string]bool{}
	for _, d := range dirs {
		seen[d] = true
	}
	above := func(path string) {
		for d := filepath.Dir(path); d != "/"; d = filepath.Dir(d) {
			if !seen[d] && !covered(d, e.Paths) {
				seen[d] = true
				dirs = append(dirs, d)
			}
		}
	}
	for _, p := range e.Paths {
		if p.Mode.Visible() {
			above(p.Path)
		}
	}
	for _, link := range e.Aliases {
		if shown(e, link) {
			above(link.From)
		}
	}
	return dirs
}

// covered reports whether an entry that makes things visible is at or above path.
func covered(path string, paths []compiler.PathExpectation) bool {
	for _, p := range paths {
		if p.Mode.Visible() && (path == p.Path || strings.HasPrefix(path, p.Path+"/")) {
			return true
		}
	}
	return false
}

// uncovered lists the names in a directory that no entry is at, above or below.
// Links are left out: opening one asks for its target, which is judged by its
// own name.
func uncovered(dir string, e compiler.Expectation) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	leads := map[string]bool{"/proc": true, "/dev": true}
	for _, d := range interior(e) {
		leads[d] = true
	}
	var names []string
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if entry.Type()&os.ModeSymlink != 0 || leads[path] || covered(path, e.Paths) {
			continue
		}
		if names = append(names, entry.Name()); len(names) == maxNames {
			break
		}
	}
	return names
}

// reachable also counts a directory that cannot be listed and can be passed
// through, as private home directories are, and a file that can only be written or
// executed.
func reachable(path string) bool {
	return openable(path) || permitted(path, unix.X_OK) || permitted(path, unix.W_OK)
}

func permitted(path string, access uint32) bool {
	return unix.Faccessat(unix.AT_FDCWD, path, access, unix.AT_EACCESS) == nil
}

// openable opens a directory or a regular file for reading. Of other kinds it
// only asks for permission: opening a pipe or a device can block or act.
func openable(path string) bool {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return false
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR, unix.S_IFREG, unix.S_IFLNK:
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
		if err != nil {
			return false
		}
		_ = unix.Close(fd)
		return true
	}
	return unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK, unix.AT_EACCESS) == nil
}

// connectTimeout bounds a canary: who answers does so at once, on a machine that is not
// busy with the starts of hundreds of others.
var connectTimeout = 10 * time.Second
