//go:build linux

package stage

import (
	"errors"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// GuestMain is the life of a stage in a guest of gVisor. What it is told it reads
// from descriptors, as outside of guests; but the kernel that answers it is the
// sentry, which has no Landlock, gives the files of the host numbers of its own, and
// sends no descriptors out. What only the host can see there, the runner looks at.
func GuestMain() int {
	debug.SetGCPercent(-1)
	if err := runGuest(); err != nil {
		_ = Send(Message{Kind: Failure, Error: err.Error(), Checks: []Check{failedCheck(err)}})
	}
	return 1
}

func runGuest() error {
	// The controls are taken while the guest starts; with this word they are there.
	if !Await() {
		return errors.New("the runner gave no word to begin")
	}
	order := new(Order)
	if err := readJSON(OrderFD, "order", order); err != nil {
		return err
	}
	var controls Controls
	if err := readJSON(ControlsFD, "controls", &controls); err != nil {
		return err
	}
	program, err := filterOf(order.Expectation)
	if err != nil {
		return &clauseError{policy.ClauseSyscallsBase, order.Expectation.FilterAt, err}
	}
	heard, err := ReadDigests(OrderFD, ControlsFD)
	if err != nil {
		return err
	}
	if err := Send(Message{Kind: Found, Checks: examineGuest(order, controls), Heard: heard}); err != nil {
		return err
	}
	if !Await() {
		return nil
	}
	if err := enterDirectory(order.Directory); err != nil {
		return err
	}
	unix.Umask(order.Umask)
	filter, err := checkFilter(order.Expectation, program, controls.Calls)
	if err != nil {
		return err
	}
	if err := Send(Message{Kind: Restricted, Checks: filter}); err != nil {
		return err
	}
	if !Await() {
		return nil
	}
	return executeGuest(order, program)
}

// examineGuest looks at what runsc established.
func examineGuest(order *Order, controls Controls) []Check {
	e := order.Expectation
	checks := checkKernel(controls.Kernel)
	checks = append(checks, checkPrivileges()...)
	for _, p := range e.Paths {
		checks = append(checks, checkPath(p, controls.Paths[p.Path], order)...)
	}
	checks = append(checks, checkDeeds(e, controls.Paths)...)
	checks = append(checks, checkUncovered(e, controls)...)
	checks = append(checks, checkAliases(e, controls.Links)...)
	checks = append(checks, checkDirectory(order, controls.Directory))
	checks = append(checks, checkClosed(e)...)
	checks = append(checks, checkGuestDevices(e)...)
	checks = append(checks, checkSharedMemory(order)...)
	checks = append(checks, checkNetwork(e, order.Listeners, controls)...)
	checks = append(checks, checkRlimits(e.Rlimits)...)
	return append(checks, checkInherited(e.Rlimits, controls.Limits))
}

// executeGuest is execute without a pipe: the sentry passes no descriptor to the
// host. The control socket serves instead. The guest's last reference to it goes at
// execve, and then the sentry shuts it down, whoever else holds it on the host.
func executeGuest(order *Order, program []unix.SockFilter) error {
	if err := Send(Message{Kind: Executing}); err != nil {
		return err
	}
	return report(finish(order, program, ControlFD), ControlFD)
}
