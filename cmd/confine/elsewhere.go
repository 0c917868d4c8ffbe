//go:build !linux

package main

import (
	"fmt"

	"confine/compiler/seccomp"
	"confine/runner"
)

// Elsewhere policies can be written and compiled; what enforces them is Linux.

func hidden() (code int, ok bool) { return 0, false }

func libseccomp() (seccomp.Generator, error) { return seccomp.Libseccomp() }

func runCommand(_ []string, s streams) int {
	fmt.Fprintln(s.stderr, "confine: refused, nothing ran: confine runs programs on Linux only")
	return runner.ExitRefused
}

func doctorCommand(_ []string, s streams) int {
	fmt.Fprintln(s.stderr, "confine: no backend works here: confine runs programs on Linux only")
	return 1
}
