//go:build linux

// Command doctoredfirejail stands in for firejail in a test: it takes the real
// command line, changes one thing and becomes the real firejail, so that
// everything else is as it should be. It has to be set-user-ID root.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"confine/integration/doctoredfirejail/change"
)

// directory, given by the linker, holds the real firejail and the change.
var directory string

// What the main thread is given must be what becomes firejail.
func init() { runtime.LockOSThread() }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "Error doctoredfirejail:", err)
		os.Exit(1)
	}
}

func run() error {
	path, arguments := filepath.Join(directory, "firejail"), append([]string{"firejail"}, os.Args[1:]...)
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		return syscall.Exec(path, arguments, os.Environ())
	}
	data, err := os.ReadFile(filepath.Join(directory, "change.json"))
	if err != nil {
		return err
	}
	var c change.Change
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	if err := errors.Join(doctorFiles(c), doctorMounts(c), doctorNetwork(c)); err != nil {
		return err
	}
	if arguments, err = leak(c.Leak, arguments); err != nil {
		return err
	}
	if err := errors.Join(doctorLimits(c.Limits), doctorPrivileges(c), doctorCalls(c.Answers), becomeCaller(c.As)); err != nil {
		return err
	}
	if c.IgnoreTerminate {
		signal.Ignore(syscall.SIGTERM)
	}
	environment := append(os.Environ(), c.Environment...)
	if c.Child {
		return runChild(path, arguments, environment)
	}
	return syscall.Exec(path, arguments, environment)
}

// runChild waits for a firejail that is no longer what the runner started.
func runChild(path string, arguments, environment []string) error {
	cmd := exec.Command(path, arguments[1:]...)
	cmd.Env = environment
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	for fd := 3; fd <= profileFD; fd++ {
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(fd), ""))
	}
	return cmd.Run()
}
