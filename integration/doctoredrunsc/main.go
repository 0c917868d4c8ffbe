//go:build linux

// Command doctoredrunsc stands in for runsc in a test: it takes the real command line,
// changes one thing and becomes the real runsc, so that everything else is as it should
// be.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"confine/integration/doctoredrunsc/change"
)

// directory, given by the linker, holds the real runsc and the change.
var directory string

// version is what a release prints; the real runsc has none but in its build
// information.
const version = "runsc version release-20260905.0\nspec: 1.2.1\n"

// sleep makes the double a process that does nothing.
const sleep = "sleep"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "doctoredrunsc:", err)
		os.Exit(128)
	}
}

func run(arguments []string) error {
	if slices.Equal(arguments, []string{sleep}) {
		time.Sleep(time.Hour)
	}
	c, err := readChange()
	if err != nil {
		return err
	}
	if slices.Equal(arguments, []string{"--version"}) {
		return tellVersion(c)
	}
	if !slices.Contains(arguments, "run") {
		return become(c, arguments)
	}
	switch {
	case c.HangRun:
		time.Sleep(time.Hour)
	case c.Exit != nil:
		os.Exit(*c.Exit)
	}
	for _, platform := range c.Platforms {
		if slices.Contains(arguments, "--platform="+platform) {
			return failAs(arguments, "the platform "+platform+" does not work today")
		}
	}
	if !c.Seen {
		if err := hide(); err != nil {
			return err
		}
	}
	if c.Bare {
		return runBare(c, arguments)
	}
	if err := doctorBundle(c, valueOf(arguments, "--bundle")); err != nil {
		return err
	}
	if err := doctorFiles(c); err != nil {
		return err
	}
	return become(c, doctorFlags(c, arguments))
}

// host is where a keeper has the root file system of the host; the runner, which asks
// for the version, has no such directory.
func host(path string) string {
	if _, err := os.Stat("/host" + directory); err == nil {
		return "/host" + path
	}
	return path
}

func readChange() (c change.Change, err error) {
	data, err := os.ReadFile(host(filepath.Join(directory, "change.json")))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(data, &c)
}

func tellVersion(c change.Change) error {
	if c.HangVersion {
		time.Sleep(time.Hour)
	}
	text := version
	if c.Version != "" {
		text = c.Version
	}
	_, err := os.Stdout.WriteString(text)
	return err
}

// hide asks the test to put the real runsc back, and waits until it is there.
func hide() error {
	if err := os.WriteFile(host(filepath.Join(directory, "begin")), []byte("x\n"), 0); err != nil {
		return err
	}
	_, err := os.ReadFile(host(filepath.Join(directory, "end")))
	return err
}

// become is the real runsc from here on.
func become(c change.Change, arguments []string) error {
	path := host(filepath.Join(directory, "runsc"))
	environment := append(os.Environ(), c.Environment...)
	if !c.Child {
		return syscall.Exec(path, append([]string{path}, arguments...), environment)
	}
	cmd := exec.Command(path, arguments...)
	cmd.Env = environment
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = inherited()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}

// inherited are the descriptors of the stage, see runner/stage/order.go.
func inherited() (files []*os.File) {
	for fd := controlFD; fd <= controlsFD; fd++ {
		files = append(files, os.NewFile(uintptr(fd), ""))
	}
	return files
}

// runBare starts the program of a guest without one.
func runBare(c change.Change, arguments []string) error {
	program := "/proc/self/fd/" + valueOf(arguments, "--exec-fd")
	words := []string{"confine", "__guest"}
	if !c.Family {
		return syscall.Exec(program, words, nil)
	}
	gofer := exec.Command("/proc/self/exe", sleep)
	gofer.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := gofer.Start(); err != nil {
		return err
	}
	cmd := exec.Command(program)
	cmd.Args, cmd.Env, cmd.ExtraFiles = words, []string{}, inherited()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// failAs ends as runsc does when it cannot start a guest: the cause is in its log.
func failAs(arguments []string, cause string) error {
	line, err := json.Marshal(map[string]string{"msg": cause, "level": "error", "time": "2026-01-01T00:00:00Z"})
	if err != nil {
		return err
	}
	if err := os.WriteFile(valueOf(arguments, "--log"), line, 0o644); err != nil {
		return err
	}
	return fmt.Errorf("waiting for sandbox to start: EOF")
}

func valueOf(arguments []string, flag string) string {
	for _, a := range arguments {
		if value, ok := strings.CutPrefix(a, flag+"="); ok {
			return value
		}
	}
	return ""
}

func doctorFlags(c change.Change, arguments []string) []string {
	arguments = slices.DeleteFunc(slices.Clone(arguments), func(a string) bool {
		return slices.Contains(c.DropFlags, a) || slices.Contains(c.DropRunFlags, a)
	})
	run := slices.Index(arguments, "run")
	arguments = slices.Insert(arguments, run+1, c.AddRunFlags...)
	return slices.Insert(arguments, run, c.AddFlags...)
}
