//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// checkTrust refuses a file that the program's user could change, by itself or
// by way of a directory above it: the next launch would run under what the
// program wrote.
func checkTrust(what, file string, id Identity) error {
	steps, err := trail(file)
	if err != nil {
		return refuse("find %s: %v", what, err)
	}
	for _, p := range steps {
		if why := writableBy(p, id); why != "" {
			r := refuse("the program's own user could change %s %s", what, file)
			r.Found = why
			r.Expected = fmt.Sprintf("a file that user %s (uid %d) cannot write, in directories that it cannot write", id.Name, id.UID)
			r.Instead = []string{"move it to a directory of root's, for example /etc/confine", "or make it root's, and let nobody else write there"}
			return r
		}
	}
	return nil
}

// checkFound is checkTrust for a file that is used because its name was there. In a
// sticky directory nobody can replace it, but everybody can add the name: by a hard
// link, or by moving a file of root's that lies in a directory of their own.
func checkFound(what, file string, id Identity) error {
	if err := checkTrust(what, file, id); err != nil {
		return err
	}
	directory := filepath.Dir(file)
	var st unix.Stat_t
	if err := unix.Stat(directory, &st); err != nil {
		return refuse("find %s: %v", what, err)
	}
	if st.Mode&unix.S_ISVTX == 0 || st.Mode&0o022 == 0 {
		return nil
	}
	r := refuse("others could have put %s %s where it is", what, file)
	r.Found = fmt.Sprintf("%s is a sticky directory that others can write (mode %04o)", directory, st.Mode&0o7777)
	r.Expected = "a directory to which nobody else can add a name"
	r.Instead = []string{"move the policies to a directory of root's, for example /etc/confine"}
	return r
}

// maxLinks is how many links the kernel follows, see path_resolution(7).
const maxLinks = 40

// trail lists every directory, link and file that decides what a path means, the
// way the kernel resolves it. A link in the middle of a chain matters as much as
// the last: who can change it decides what it leads to.
func trail(path string) ([]string, error) {
	if !filepath.IsAbs(path) {
		current, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		// Not cleaned: behind a link, ".." is not the directory before it.
		path = current + "/" + path
	}
	steps, at, links := []string{"/"}, "/", 0
	for rest := strings.Split(path, "/"); len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		at = filepath.Join(at, part)
		steps = append(steps, at)
		target, err := os.Readlink(at)
		switch {
		case errors.Is(err, unix.EINVAL):
			continue // no link
		case err != nil:
			return nil, err
		}
		if links++; links > maxLinks {
			return nil, &os.PathError{Op: "follow", Path: path, Err: unix.ELOOP}
		}
		if at = filepath.Dir(at); filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return steps, nil
}

// writableBy says how a user can change what a path means, or "".
func writableBy(path string, id Identity) string {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fmt.Sprintf("%s: %v", path, err)
	}
	mode := st.Mode & 0o7777
	describe := func(how string) string { return fmt.Sprintf("%s is %s (mode %04o)", path, how, mode) }
	switch {
	case int(st.Uid) == id.UID:
		return describe("its own")
	case st.Mode&unix.S_IFMT == unix.S_IFLNK:
		return ""
	case st.Mode&unix.S_IFMT == unix.S_IFDIR && mode&unix.S_ISVTX != 0:
		// In a sticky directory only the owner can replace a file.
		return ""
	case int(st.Gid) == id.GID && mode&0o020 != 0:
		return describe("writable by its group")
	case mode&0o002 != 0:
		return describe("writable by everybody")
	case mode&0o020 != 0 && hasACL(path):
		return describe("writable through its access control list")
	}
	return ""
}

// hasACL reports whether a file has entries for users and groups by name. With
// such, the group bits of the mode are their mask, see acl(5).
func hasACL(path string) bool {
	size, err := unix.Lgetxattr(path, "system.posix_acl_access", nil)
	return err == nil && size > 0
}
