//go:build linux

package stage

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// lookPath finds a program in the program's own PATH. Unlike execvp(3) it knows no
// default: without PATH there is nothing to be found.
// A file that is there but cannot be executed is returned with EACCES.
func lookPath(name string, environment []string) (string, unix.Errno) {
	if strings.Contains(name, "/") {
		return name, 0
	}
	var path string
	for _, variable := range environment {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	denied := unix.Errno(0)
	for _, dir := range filepath.SplitList(path) {
		candidate := filepath.Join(dir, name)
		var st unix.Stat_t
		switch err := unix.Stat(candidate, &st); {
		case err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG:
		case unix.Faccessat(unix.AT_FDCWD, candidate, unix.X_OK, unix.AT_EACCESS) != nil:
			denied = unix.EACCES
		case filepath.IsAbs(candidate):
			return candidate, 0
		}
	}
	if denied != 0 {
		return name, denied
	}
	return name, unix.ENOENT
}

// become turns the process into the program. It returns only what fails before the
// filter is there; a failure of execve under it goes to the pipe as an errno number.
func become(order *Order, program []unix.SockFilter, pipe int) error {
	path, e := lookPath(order.Arguments[0], order.Environment)
	if e != 0 {
		return &executeError{e}
	}
	img, err := newImage(path, order.Arguments, order.Environment, program)
	if err != nil {
		return &executeError{errno(err)}
	}
	// Without a file to execute, this is only what syscall.Exec does before execve:
	// it puts back the soft limit of nofile that the Go runtime raised.
	_ = syscall.Exec("", nil, nil)
	if err := setRlimits(order.Expectation.Rlimits); err != nil {
		return err
	}
	e = img.execute(pipe)
	return &clauseError{policy.ClauseSyscallsBase, order.Expectation.FilterAt, fmt.Errorf("load the seccomp filter: %w", e)}
}

// executeError means that everything was in place but for the program itself.
type executeError struct{ errno unix.Errno }

func (e *executeError) Error() string { return e.errno.Error() }
