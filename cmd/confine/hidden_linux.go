package main

import (
	"confine/compiler/seccomp"
	"confine/runner"
)

// hidden runs one of the processes that confine starts from its own binary.
func hidden() (code int, ok bool) { return runner.Hidden() }

// libseccomp runs in a process that can be killed.
func libseccomp() (seccomp.Generator, error) { return runner.Libseccomp() }
