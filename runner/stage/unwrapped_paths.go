//go:build linux

package stage

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// surroundings are what could be done before Landlock: only that can prove anything by
// failing afterwards.
type surroundings struct {
	// opens and takes are the paths that could be opened for reading, and written to.
	opens, takes map[string]bool
	// names are those that no entry covers and that could be opened, by their directory.
	names map[string][]string
	// signal says whether the launcher could be sent a signal.
	signal bool
}

// procOfOthers are files of /proc that no process of the program has. A /proc of the
// launch's own has none.
func procOfOthers(e compiler.Expectation) []string {
	if e.Unwrapped.Namespaces {
		return nil
	}
	return []string{"/proc/cpuinfo", "/proc/meminfo", parentStatus()}
}

// lookAround tries everything that compare will try.
func lookAround(order *Order) surroundings {
	e := order.Expectation
	s := surroundings{opens: map[string]bool{}, takes: map[string]bool{}, names: map[string][]string{}}
	for _, p := range e.Paths {
		s.opens[p.Path] = openable(p.Path)
		s.takes[p.Path] = p.Mode.Visible() && takes(p.Path) == nil
	}
	for _, path := range procOfOthers(e) {
		s.opens[path] = openable(path)
	}
	for _, dir := range interior(e) {
		for _, name := range uncovered(dir, e) {
			if openable(filepath.Join(dir, name)) {
				s.names[dir] = append(s.names[dir], name)
			}
		}
	}
	s.signal = unix.Kill(unix.Getppid(), 0) == nil
	return s
}

// takes writes to a path, and changes nothing: a regular file is opened for writing, and in
// a directory a file without a name is made.
func takes(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err
	}
	flags := unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		flags |= unix.O_WRONLY
	case unix.S_IFDIR:
		flags |= unix.O_RDWR | unix.O_TMPFILE
	default:
		return unix.EINVAL // opening a pipe or a device can block or act
	}
	fd, err := unix.Open(path, flags, 0o600)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

// compare tries everything again, under Landlock.
func (s surroundings) compare(order *Order) []Check {
	e := order.Expectation
	var checks []Check
	for _, p := range e.Paths {
		checks = append(checks, s.comparePath(p, order)...)
	}
	checks = append(checks, s.compareNames()...)
	checks = append(checks, s.compareProc(e)...)
	found := "sent"
	if err := unix.Kill(unix.Getppid(), 0); err != nil {
		found = unix.ErrnoName(errno(err))
	}
	signal := equal(sandboxClause, "signal to a process outside", policy.Position{}, "EPERM", found)
	return append(checks, proveBy(signal, s.signal))
}

// proveBy is a check that proves nothing without its control.
func proveBy(c Check, control bool) Check {
	if c.Status == Proven && !control {
		c.Status = Unproven
	}
	return c
}

// opened words whether a path opens for reading.
func opened(path string) string {
	if openable(path) {
		return "open"
	}
	return "closed"
}

func (s surroundings) comparePath(p compiler.PathExpectation, order *Order) []Check {
	at := func(subject, expected, found string) Check {
		return equal(clauseOf(p), p.Path+subject, p.At, expected, found)
	}
	fresh := order.Fresh[p.Path] != ""
	switch {
	case p.Mode == policy.ModeAbsent:
		return []Check{checkAbsent(p)}
	case p.Mode == policy.ModeHide:
		return []Check{proveBy(at("", "closed", opened(p.Path)), s.opens[p.Path])}
	case fresh:
		return append(checkFresh(p, order.Fresh[p.Path]), proveBy(at(" itself", "closed", opened(p.Path)), s.opens[p.Path]))
	}
	var checks []Check
	if !excepting(order.Expectation, p.Path) {
		expected := map[bool]string{true: "open", false: "closed"}[s.opens[p.Path]]
		checks = append(checks, at(" under Landlock", expected, opened(p.Path)))
	}
	if !s.takes[p.Path] {
		return checks // nothing to take away, or to leave
	}
	found := "written"
	if err := takes(p.Path); err != nil {
		found = unix.ErrnoName(errno(err))
	}
	if p.Mode == policy.ModeWrite || p.Mode == policy.ModeTmp {
		return append(checks, at(" is written to", "written", found))
	}
	return append(checks, at(" is written to", "EACCES", found))
}

// excepting reports whether a directory itself has no rule, for what that would leave out:
// another one above it may open it.
func excepting(e compiler.Expectation, path string) bool {
	for _, rule := range e.Landlock {
		if rule.Path == path && len(rule.Except) > 0 {
			return true
		}
	}
	return false
}

// checkFresh looks at the directory that stands for a tmp entry.
func checkFresh(p compiler.PathExpectation, dir string) []Check {
	c := Check{
		Clause: clauseOf(p), Subject: p.Path + " fresh", At: p.At,
		Expected: "an empty directory, open and written to, for its owner alone", Status: Proven,
	}
	c.Found = c.Expected
	var st unix.Stat_t
	switch names, err := filepath.Glob(filepath.Join(dir, "*")); {
	case !strings.HasPrefix(dir, p.Path+"/"), err != nil:
		c.Found, c.Status = fmt.Sprintf("%q", dir), Failed
	case unix.Lstat(dir, &st) != nil, st.Mode != unix.S_IFDIR|0o700, int(st.Uid) != unix.Geteuid():
		c.Found, c.Status = fmt.Sprintf("mode %o of uid %d", st.Mode, st.Uid), Failed
	case len(names) > 0:
		c.Found, c.Status = fmt.Sprintf("%d names", len(names)), Failed
	case !openable(dir):
		c.Found, c.Status = "closed", Failed
	}
	if err := takes(dir); err != nil && c.Status == Proven {
		c.Found, c.Status = unix.ErrnoName(errno(err)), Failed
	}
	return []Check{c}
}

func (s surroundings) compareNames() []Check {
	var checks []Check
	for _, dir := range slices.Sorted(maps.Keys(s.names)) {
		names := s.names[dir]
		open, first := 0, ""
		for _, name := range names {
			if path := filepath.Join(dir, name); openable(path) {
				if open++; first == "" {
					first = path
				}
			}
		}
		c := equal(policy.ClauseFilesystem, "names in "+dir+" that no entry covers", policy.Position{},
			fmt.Sprintf("0 of %d open", len(names)), fmt.Sprintf("%d of %d open", open, len(names)))
		if open > 0 {
			c.Found += ", for example " + first
		}
		checks = append(checks, c)
	}
	return checks
}

func (s surroundings) compareProc(e compiler.Expectation) []Check {
	at := func(subject, expected, found string) Check {
		return equal(policy.ClauseFilesystemProc, subject, e.ProcAt, expected, found)
	}
	own := map[bool]string{true: "open", false: "closed"}[e.Proc == policy.ProcSelf]
	checks := []Check{at("/proc/self/status", own, opened("/proc/self/status"))}
	for _, path := range procOfOthers(e) {
		subject := path
		if path == parentStatus() {
			subject = "the status of a process outside"
		}
		checks = append(checks, proveBy(at(subject, "closed", opened(path)), s.opens[path]))
	}
	return checks
}
