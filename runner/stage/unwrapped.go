//go:build linux

package stage

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// runUnwrapped is the stage where no tool made a sandbox: all of it is made here. What it
// takes away it tries before and after, as the same user.
func runUnwrapped(order *Order, controls Controls, program []unix.SockFilter) error {
	e := order.Expectation
	checks, err := examineUnwrapped(order, controls)
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
	executables, devices, before := findExecutables(e), listDevices(), lookAround(order)
	if checks, err = checkFilter(e, program, controls.Calls); err != nil {
		return err
	}
	guarded, proceed, err := enterGuard(order)
	if err != nil || !proceed {
		return err
	}
	checks = append(checks, guarded...)
	version, err := restrict(order)
	if err != nil {
		return &clauseError{clause: policy.ClauseFilesystem, err: err}
	}
	checks = append(checks, before.compare(order)...)
	checks = append(checks, checkExecutables(e, executables)...)
	checks = append(checks, checkDevices(e, devices))
	checks = append(checks, checkGuardedNetwork(e, order.Listeners, controls.Reach)...)
	if err := Send(Message{Kind: Restricted, Checks: checks, Landlock: version}); err != nil {
		return err
	}
	if !Await() {
		return nil
	}
	return execute(order, program)
}

// examineUnwrapped looks at what the launcher gave.
func examineUnwrapped(order *Order, controls Controls) ([]Check, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, fmt.Errorf("read own status: %w", err)
	}
	inside, err := ReadNamespaces("self")
	if err != nil {
		return nil, err
	}
	e, identity := order.Expectation, order.Identity()
	if e.Unwrapped.Namespaces {
		identity.Groups = order.GroupsInside
	}
	checks := CheckIdentity("", ParseProcStatus(string(text)), identity)
	checks = append(checks, CheckNamespaces("", e, order.Namespaces, inside)...)
	if e.Unwrapped.Namespaces {
		checks = append(checks, examineMounts(order, controls)...)
	}
	checks = append(checks, checkAliases(e, controls.Links)...)
	streams := [3]Stream{StreamOf(0), StreamOf(StdoutFD), StreamOf(StderrFD)}
	checks = append(checks, checkStreams(order.Streams, streams)...)
	checks = append(checks, checkDirectory(order, controls.Directory))
	checks = append(checks, checkRlimits(e.Rlimits)...)
	return append(checks, checkInherited(e.Rlimits, controls.Limits)), nil
}

// examineMounts looks at the mounts of the launch's own. What they leave open is Landlock's
// to close, which comes later.
func examineMounts(order *Order, controls Controls) []Check {
	e := order.Expectation
	var checks []Check
	for _, p := range e.Paths {
		if p.Mode.Visible() {
			checks = append(checks, checkPath(p, controls.Paths[p.Path], order)...)
		}
	}
	checks = append(checks, checkSubmounts(e, controls.Mounts)...)
	checks = append(checks, checkRest(e), checkTwice(e))
	checks = append(checks, checkProc(e)...)
	return append(checks, checkSharedMemory(order)...)
}
