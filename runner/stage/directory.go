//go:build linux

package stage

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// checkDirectory shows that the working directory is the one outside, where an
// entry of the policy says that it is the host's own.
func checkDirectory(order *Order, control PathControl) Check {
	c := Check{
		Clause: policy.ClauseProcessDirectory, Subject: order.Directory,
		Expected: "a directory that can be entered", Status: Proven,
	}
	entry, ok := entryOf(order.Expectation.Paths, order.Directory)
	same := ok && entry.Mode != policy.ModeTmp && !entry.Replaced && control.Exists && !order.Expectation.Guest
	if same {
		c.Expected = "the host's own, to be entered"
	}
	c.Found = c.Expected
	var st unix.Stat_t
	switch err := unix.Stat(order.Directory, &st); {
	case err != nil:
		c.Found, c.Status = unix.ErrnoName(errno(err)), Failed
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		c.Found, c.Status = "no directory", Failed
	case same && (uint64(st.Dev) != control.Device || st.Ino != control.Inode): //nolint:unconvert // see controlPath
		c.Found, c.Status = "another directory", Failed
	case unix.Faccessat(unix.AT_FDCWD, order.Directory, unix.X_OK, unix.AT_EACCESS) != nil:
		c.Found, c.Status = "closed", Failed
	}
	return c
}

// enterDirectory changes to the working directory and looks where that led.
func enterDirectory(directory string) error {
	fail := func(err error) error {
		return &clauseError{clause: policy.ClauseProcessDirectory, err: fmt.Errorf("enter %s: %w", directory, err)}
	}
	if err := unix.Chdir(directory); err != nil {
		return fail(err)
	}
	want, err := os.Stat(directory)
	if err != nil {
		return fail(err)
	}
	got, err := os.Stat(".")
	if err != nil {
		return fail(err)
	}
	if !os.SameFile(want, got) {
		return &clauseError{clause: policy.ClauseProcessDirectory, err: fmt.Errorf("%s was entered, and led elsewhere", directory)}
	}
	return nil
}
