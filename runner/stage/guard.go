//go:build linux

package stage

import (
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// loadGuard puts this thread, which becomes the program, under the guard. The listener is
// the descriptor that answers the calls which it suspends, or -1.
func loadGuard(guard []unix.SockFilter, mediated bool) (listener int, err error) {
	flags := uintptr(0)
	if mediated {
		// Once the call is taken up, only a signal that kills interrupts it (Linux 5.19):
		// a program that is interrupted asks again, and would be connected twice.
		flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	}
	program := unix.SockFprog{Len: uint16(len(guard)), Filter: &guard[0]}
	fd, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	switch {
	case e == unix.EBUSY:
		return -1, fmt.Errorf("load the guard: a filter around this caller asks about calls already, and there can be one listener (seccomp_unotify(2)): %w", e)
	case e != 0:
		return -1, fmt.Errorf("load the guard: %w", e)
	case !mediated:
		return -1, nil
	}
	return int(fd), nil
}

// enterGuard tries the guard, puts this thread under it, and hands its listener to the
// runner, if it has one. proceed is false when the runner gave no leave to go on.
func enterGuard(order *Order) (checks []Check, proceed bool, err error) {
	g := order.Expectation.Guard
	guard, err := decodeFilter(g.Program)
	if err != nil {
		return nil, false, fmt.Errorf("guard: %w", err)
	}
	if checks, err = checkGuard(g, guard); err != nil {
		return nil, false, err
	}
	listener, err := loadGuard(guard, g.Mediated)
	if err != nil {
		return nil, false, err
	}
	checks = append(checks, checkGuarded(order))
	if listener < 0 {
		return checks, true, nil
	}
	err = Send(Message{Kind: Listening}, listener)
	_ = unix.Close(listener)
	return checks, err == nil && Await(), err
}

// checkGuard tries the guard in children of this process.
func checkGuard(g *compiler.Guard, guard []unix.SockFilter) ([]Check, error) {
	calls := make([]compiler.CanaryCall, 0, len(g.Canaries))
	for _, c := range g.Canaries {
		calls = append(calls, c.Calls...)
	}
	without, _, err := trial(nil, trialCalls(calls), nil)
	if err != nil {
		return nil, err
	}
	with, load, err := trial(guard, trialCalls(calls), nil)
	if err != nil {
		return nil, err
	}
	if load != 0 {
		return []Check{equal(sandboxClause, "guard", policy.Position{}, "loaded", unix.ErrnoName(load))}, nil
	}
	checks := make([]Check, 0, len(calls))
	for i, c := range g.Canaries {
		check := judgeCall(c, calls[i], callControl{inside: without[i], outside: without[i]}, with[i])
		check.Subject = c.Subject + " under the guard"
		checks = append(checks, check)
	}
	return checks, nil
}

// checkGuarded shows that the guard is loaded.
func checkGuarded(order *Order) Check {
	return equal(sandboxClause, "seccomp filters with the guard", policy.Position{}, strconv.Itoa(order.SeccompFilters+1), filtersOf("self"))
}

// parentStatus is the status file of the process that started this one.
func parentStatus() string { return "/proc/" + strconv.Itoa(os.Getppid()) + "/status" }
