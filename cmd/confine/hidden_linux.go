package main

import (
	"confine/compiler/seccomp"
	"confine/runner"
	"confine/runner/live"
)

// hidden runs one of the processes that confine starts from its own binary.
func hidden() (code int, ok bool) {
	if code, ok := live.Hidden(); ok {
		return code, true
	}
	return runner.Hidden()
}

// libseccomp runs in a process that can be killed.
func libseccomp() (seccomp.Generator, error) { return runner.Libseccomp() }
