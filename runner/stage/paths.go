//go:build linux

package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// checkPath looks at one entry of [filesystem] as the wrapper left it.
func checkPath(p compiler.PathExpectation, control PathControl, order *Order) []Check {
	switch p.Mode {
	case policy.ModeAbsent:
		return []Check{checkAbsent(p)}
	case policy.ModeHide:
		return []Check{checkHidden(p, control, leadsToVisible(p.Path, order.Expectation))}
	}
	if !control.Exists && p.Mode != policy.ModeTmp {
		// The runner refused a required path that is missing; this one is optional.
		var st unix.Stat_t
		return []Check{equal(clauseOf(p), p.Path, p.At, "missing, as outside", existence(unix.Stat(p.Path, &st)))}
	}
	checks := []Check{checkMount(p, control)}
	if p.Mode == policy.ModeTmp {
		return append(checks, checkPrivate(p, order))
	}
	return append(checks, checkSame(p, control, order.Expectation.Guest))
}

func clauseOf(p compiler.PathExpectation) string { return "filesystem." + string(p.Mode) }

// existence words the result of stat for a path that should be missing. A
// directory that firejail closed also says nothing of what is in it.
func existence(err error) string {
	switch {
	case err == nil:
		return "there"
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EACCES):
		return "missing, as outside"
	}
	return err.Error()
}

func checkAbsent(p compiler.PathExpectation) Check {
	var st unix.Stat_t
	found := "there"
	if err := unix.Lstat(p.Path, &st); err != nil {
		found = unix.ErrnoName(errno(err))
	}
	return equal(clauseOf(p), p.Path, p.At, "ENOENT", found)
}

// leadsToVisible reports whether an entry that is shown lies below a path.
func leadsToVisible(path string, e compiler.Expectation) bool {
	return slices.ContainsFunc(e.Paths, func(p compiler.PathExpectation) bool {
		return p.Mode.Visible() && strings.HasPrefix(p.Path, path+"/")
	})
}

// checkHidden tries to get at what is hidden. What is shown below it takes a directory
// that can be passed, and that can neither be listed nor written to.
func checkHidden(p compiler.PathExpectation, control PathControl, passage bool) Check {
	c := Check{Clause: clauseOf(p), Subject: p.Path, At: p.At, Expected: "closed", Found: "closed", Status: Proven}
	switch {
	case openable(p.Path), permitted(p.Path, unix.W_OK), !passage && permitted(p.Path, unix.X_OK):
		c.Found, c.Status = "opened", Failed
	case !control.Reachable:
		c.Status = Unproven
	}
	return c
}

// checkMount compares the flags of the mount that a path lies on. They tell what
// permissions cannot: a file of root's is read-only for others anyway. What the policy lets
// be written stays read-only where the host has it so, as under docker run --read-only.
func checkMount(p compiler.PathExpectation, control PathControl) Check {
	c := Check{Clause: clauseOf(p), Subject: p.Path + " mount", At: p.At, Expected: mountFlags(p), Status: Proven}
	if control.neverWritten(p) {
		c.Expected = "read-only noexec"
	}
	var st unix.Statfs_t
	if err := unix.Statfs(p.Path, &st); err != nil {
		c.Found, c.Status = unix.ErrnoName(errno(err)), Failed
		return c
	}
	var found []string
	if st.Flags&unix.ST_RDONLY != 0 {
		found = append(found, "read-only")
	} else {
		found = append(found, "writable")
	}
	if st.Flags&unix.ST_NOEXEC != 0 {
		found = append(found, "noexec")
	}
	if p.Mode == policy.ModeTmp {
		if st.Type == unix.TMPFS_MAGIC {
			found = append(found, "tmpfs")
		}
		if p.Size != 0 {
			found = append(found, fmt.Sprintf("%d bytes", st.Blocks*uint64(st.Bsize)))
		}
	}
	c.Found = strings.Join(found, " ")
	if c.Found != c.Expected {
		c.Status = Failed
	}
	return c
}

// neverWritten reports whether an entry to write lies on a mount of the host's that is
// read-only.
func (c PathControl) neverWritten(p compiler.PathExpectation) bool {
	return c.ReadOnly && p.Mode == policy.ModeWrite
}

func mountFlags(p compiler.PathExpectation) string {
	switch p.Mode {
	case policy.ModeRead:
		return "read-only noexec"
	case policy.ModeMap, policy.ModeExec:
		return "read-only"
	case policy.ModeTmp:
		if p.Size != 0 {
			page := uint64(os.Getpagesize())
			return fmt.Sprintf("writable noexec tmpfs %d bytes", (p.Size+page-1)/page*page)
		}
		return "writable noexec tmpfs"
	}
	return "writable noexec"
}

// checkPrivate shows that a tmp directory is empty and not the host's own. A guest's
// tmpfs is the sentry's, and its device number says nothing.
func checkPrivate(p compiler.PathExpectation, order *Order) Check {
	c := Check{
		Clause: clauseOf(p), Subject: p.Path, At: p.At,
		Expected: "empty, and not the host's", Found: "empty, and not the host's", Status: Proven,
	}
	var st unix.Stat_t
	entries, err := os.ReadDir(p.Path)
	switch {
	case err != nil:
		c.Found, c.Status = unix.ErrnoName(errno(err)), Failed
	case len(entries) != 0:
		c.Found, c.Status = fmt.Sprintf("%d entries, the first is %q", len(entries), entries[0].Name()), Failed
	case unix.Stat(p.Path, &st) != nil || !order.Expectation.Guest && uint64(st.Dev) == order.HostDevices[p.Path]: //nolint:unconvert // see controlPath
		c.Found, c.Status = "the host's own", Failed
	case unix.Faccessat(unix.AT_FDCWD, p.Path, unix.W_OK, unix.AT_EACCESS) != nil:
		c.Found, c.Status = "not writable", Failed
	}
	return c
}

// checkSame shows that a path is what it is outside: the same file, open to the
// same user. In a guest, whether it is the same file is seen from the host.
func checkSame(p compiler.PathExpectation, control PathControl, guest bool) Check {
	c := Check{
		Clause: clauseOf(p), Subject: p.Path, At: p.At,
		Expected: "the host's own", Status: Proven,
	}
	switch {
	case p.Replaced:
		c.Expected = "the wrapper's own in its place"
	case guest:
		c.Expected = "open and closed as outside"
	}
	c.Found = c.Expected
	var st unix.Stat_t
	if err := unix.Stat(p.Path, &st); err != nil {
		c.Found, c.Status = unix.ErrnoName(errno(err)), Failed
		return c
	}
	writable := unix.Faccessat(unix.AT_FDCWD, p.Path, unix.W_OK, unix.AT_EACCESS) == nil
	switch {
	case !p.Replaced && !guest && (uint64(st.Dev) != control.Device || st.Ino != control.Inode): //nolint:unconvert // see controlPath
		c.Found, c.Status = "another file", Failed
	case openable(p.Path) && !control.Openable:
		c.Found, c.Status = "open, and closed outside", Failed
	case !openable(p.Path) && control.Openable:
		c.Found, c.Status = "closed", Failed
	case p.Mode == policy.ModeWrite && writable && !control.Writable:
		c.Found, c.Status = "writable, and not outside", Failed
	case p.Mode == policy.ModeWrite && writable != control.Writable:
		c.Found, c.Status = "not writable", Failed
	case p.Mode != policy.ModeWrite && writable:
		c.Found, c.Status = "writable", Failed
	}
	return c
}

// checkUncovered opens what the policy names nowhere, directory by directory.
func checkUncovered(e compiler.Expectation, controls Controls) []Check {
	var checks []Check
	for _, dir := range interior(e) {
		names := map[string]bool{}
		for _, name := range controls.Open[dir] {
			names[name] = true
		}
		proven := len(names)
		for _, name := range uncovered(dir, e) {
			names[name] = true
		}
		if len(names) == 0 {
			continue
		}
		c := Check{
			Clause: "filesystem", Subject: "names in " + dir + " that no entry covers",
			Expected: fmt.Sprintf("0 of %d open", len(names)), Status: Proven,
		}
		if proven == 0 {
			c.Status = Unproven
		}
		open, first := 0, ""
		for name := range names {
			if path := filepath.Join(dir, name); reachable(path) && !slices.Contains(e.Residual, path) {
				if open++; first == "" || path < first {
					first = path
				}
			}
		}
		c.Found = fmt.Sprintf("%d of %d open", open, len(names))
		if open > 0 {
			c.Found += ", for example " + first
			c.Status = Failed
		}
		checks = append(checks, c)
	}
	return checks
}

func errno(err error) unix.Errno {
	var e unix.Errno
	if errors.As(err, &e) {
		return e
	}
	return 0
}
