//go:build linux

// Package stage is the first program inside every sandbox: it looks at what the
// wrapper established, adds what the wrapper cannot say, looks again, and becomes
// the untrusted program. It runs before any code of that program.
//
// The stage shares nothing with the sandbox but inherited descriptors. It does
// not decide: it reports to the runner, which answers each report, and no answer
// is a refusal.
package stage

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// Main is the whole life of a stage; it returns only if nothing was started. The
// caller has locked the main thread, which is the one that execve keeps.
func Main() int {
	// After the limits are set there must be no need for memory.
	debug.SetGCPercent(-1)
	if err := run(); err != nil {
		_ = Send(Message{Kind: Failure, Error: err.Error(), Checks: []Check{failedCheck(err)}})
	}
	return 1
}

func run() error {
	order, err := ReadOrder()
	if err != nil {
		return err
	}
	var controls Controls
	if err := ReadSealed(ControlsFD, "controls", &controls); err != nil {
		return err
	}
	program, err := filterOf(order.Expectation)
	if err != nil {
		return &clauseError{policy.ClauseSyscallsBase, order.Expectation.FilterAt, err}
	}
	if order.Expectation.Unwrapped != nil {
		return runUnwrapped(order, controls, program)
	}
	checks, err := examine(order, controls)
	if err != nil {
		return err
	}
	heard, err := ReadDigests(OrderFD, ControlsFD)
	if err != nil {
		return err
	}
	if err := Send(Message{Kind: Found, Checks: checks, Heard: heard}); err != nil {
		return err
	}
	if !Await() {
		return nil
	}
	if err := enterDirectory(order.Directory); err != nil {
		return err
	}
	unix.Umask(order.Umask)
	before := openBefore(order.Expectation)
	executables := findExecutables(order.Expectation)
	devices := listDevices()
	filter, err := checkFilter(order.Expectation, program, controls.Calls)
	if err != nil {
		return err
	}
	if order.Expectation.Guard != nil {
		guarded, proceed, err := enterGuard(order)
		if err != nil || !proceed {
			return err
		}
		filter = append(filter, guarded...)
	}
	version, err := applyLandlock(order.Expectation)
	if err != nil {
		return &clauseError{clause: policy.ClauseFilesystem, err: err}
	}
	checks = checkLandlock(order.Expectation, before, controls)
	checks = append(checks, checkExecutables(order.Expectation, executables)...)
	checks = append(checks, checkDevices(order.Expectation, devices))
	checks = append(checks, filter...)
	if order.Expectation.Guard != nil {
		checks = append(checks, checkGuardedNetwork(order.Expectation, order.Listeners, controls.Reach)...)
	}
	if err := Send(Message{Kind: Restricted, Checks: checks, Landlock: version}); err != nil {
		return err
	}
	if !Await() {
		return nil
	}
	return execute(order, program)
}

// examine looks at what the wrapper established.
func examine(order *Order, controls Controls) ([]Check, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, fmt.Errorf("read own status: %w", err)
	}
	inside, err := ReadNamespaces("self")
	if err != nil {
		return nil, err
	}
	e := order.Expectation
	checks := CheckIdentity("", ParseProcStatus(string(text)), order.Identity())
	checks = append(checks, CheckNamespaces("", e, order.Namespaces, inside)...)
	for _, p := range e.Paths {
		checks = append(checks, checkPath(p, controls.Paths[p.Path], order)...)
	}
	checks = append(checks, checkSubmounts(e, controls.Mounts)...)
	checks = append(checks, checkUncovered(e, controls)...)
	checks = append(checks, checkAliases(e, controls.Links)...)
	streams := [3]Stream{StreamOf(0), StreamOf(StdoutFD), StreamOf(StderrFD)}
	checks = append(checks, checkStreams(order.Streams, streams)...)
	checks = append(checks, checkDirectory(order, controls.Directory))
	checks = append(checks, checkProc(e)...)
	checks = append(checks, checkSharedMemory(order)...)
	checks = append(checks, checkNetwork(e, order.Listeners, controls)...)
	checks = append(checks, checkRlimits(e.Rlimits)...)
	checks = append(checks, checkInherited(e.Rlimits, controls.Limits))
	return checks, nil
}

// execute tells the runner that the program starts now, and starts it.
func execute(order *Order, program []unix.SockFilter) error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("make the pipe that execve closes: %w", err)
	}
	if err := Send(Message{Kind: Executing}, pipe[0]); err != nil {
		return err
	}
	_ = unix.Close(pipe[0])
	if err := placeStreams(); err != nil {
		return report(err, pipe[1])
	}
	return report(finish(order, program, pipe[1]), pipe[1])
}

// finish closes what is ours at execve, and becomes the program.
func finish(order *Order, program []unix.SockFilter, pipe int) error {
	if err := closeAtExecve(order.Expectation); err != nil {
		return err
	}
	return become(order, program, pipe)
}

// report tells the runner by the pipe why the program was not executed.
func report(err error, pipe int) error {
	// The byte must come before anything else: an end of the pipe without one
	// means that execve succeeded.
	var failed *executeError
	if errors.As(err, &failed) {
		_, _ = unix.Write(pipe, []byte{byte(failed.errno)})
		return nil
	}
	_, _ = unix.Write(pipe, []byte{NotPlaced})
	return err
}
