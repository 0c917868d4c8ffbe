package runner

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// checkTrust refuses a file that the program's user could change, by itself or
// by way of a directory above it: the next launch would run under what the
// program wrote.
func checkTrust(what, file string, id Identity) error {
	path, err := filepath.Abs(file)
	if err != nil {
		return refuse("find %s: %v", what, err)
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return refuse("find %s: %v", what, err)
	}
	// Both ways matter: who can change the link decides what it leads to.
	for _, start := range []string{path, resolved} {
		for p := start; ; p = filepath.Dir(p) {
			if why := writableBy(p, p == start, id); why != "" {
				r := refuse("the program's own user could change %s %s", what, file)
				r.Found = why
				r.Expected = fmt.Sprintf("a file that user %s (uid %d) cannot write, in directories that it cannot write", id.Name, id.UID)
				r.Instead = []string{"chown root: " + p, "chmod go-w " + p}
				return r
			}
			if p == "/" {
				break
			}
		}
	}
	return nil
}

// writableBy says how a user can change what a path means, or "".
func writableBy(path string, file bool, id Identity) string {
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
	case !file && mode&unix.S_ISVTX != 0:
		// In a sticky directory only the owner can replace a file.
		return ""
	case int(st.Gid) == id.GID && mode&0o020 != 0:
		return describe("writable by its group")
	case mode&0o002 != 0:
		return describe("writable by everybody")
	}
	return ""
}
