//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// resolveIn follows the links of a path in a root file system, as a process there would,
// and gives the path without links. Links cannot lead out of it.
func resolveIn(root, path string) (string, error) {
	if root == "/" {
		return filepath.EvalSymlinks(path)
	}
	fail := func(err error) (string, error) { return "", &os.PathError{Op: "resolve", Path: path, Err: err} }
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fail(err)
	}
	defer unix.Close(dir)
	fd, err := unix.Openat2(dir, path, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
	if err != nil {
		return fail(err)
	}
	defer unix.Close(fd)
	found, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return "", err
	}
	return "/" + strings.TrimPrefix(strings.TrimPrefix(found, root), "/"), nil
}

// checkRoot makes the root file system of the options a real, absolute path.
func (l *launchable) checkRoot() error {
	if l.Root == "" {
		return nil
	}
	root, err := filepath.Abs(l.Root)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		return refuse("find the root file system: %v", err)
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		r := refuse("the root file system is not a directory")
		r.Found, r.Expected = l.Root, "the directory of an unpacked image"
		return r
	}
	if root == "/" && filepath.Clean(l.Root) != "/" {
		r := refuse("the root file system leads to the host's")
		r.Found, r.Expected = l.Root+" is a link to /", "the directory of an unpacked image"
		return r
	}
	if l.Root = root; root == "/" {
		l.Root = ""
		return nil
	}
	// Who can move it away could put the host's in its place.
	if os.Getuid() == 0 {
		return checkTrust("where the root file system is:", filepath.Dir(root), l.identity)
	}
	return nil
}
