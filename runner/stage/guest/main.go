//go:build linux

// Command guest is the stage of gVisor's guests as a program of its own. A confine that
// is linked to libseccomp carries it: a static program of glibc's cannot start there, as
// /proc/self/exe of what was started from a descriptor is no path (glibc,
// elf/dl-origin.c).
package main

import (
	"os"
	"runtime"

	"confine/runner/stage"
)

// execve keeps the thread that calls it, which only init can still lock.
func init() { runtime.LockOSThread() }

func main() { os.Exit(stage.GuestMain()) }
