//go:build linux

package stage

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

// filterOf is the program of an order, empty only where the policy wants none.
func filterOf(e compiler.Expectation) ([]unix.SockFilter, error) {
	if e.Unfiltered && len(e.Filter) == 0 {
		return nil, nil
	}
	return decodeFilter(e.Filter)
}

// decodeFilter reads sock_filter records in the byte order of the host.
func decodeFilter(data []byte) ([]unix.SockFilter, error) {
	const record = 8
	if len(data) == 0 || len(data)%record != 0 {
		return nil, fmt.Errorf("seccomp filter of %d bytes is not made of %d-byte records", len(data), record)
	}
	program := make([]unix.SockFilter, 0, len(data)/record)
	for ; len(data) > 0; data = data[record:] {
		program = append(program, unix.SockFilter{
			Code: binary.NativeEndian.Uint16(data), Jt: data[2], Jf: data[3], K: binary.NativeEndian.Uint32(data[4:]),
		})
	}
	return program, nil
}

// checkFilter tries the filter in children of this process: first without it what
// the canaries do, then under it. It takes /proc, so it comes before Landlock.
func checkFilter(e compiler.Expectation, program []unix.SockFilter, outside []Outcome) ([]Check, error) {
	if e.Unfiltered {
		return []Check{equal(policy.ClauseSyscallsBase, "instructions of the filter", e.FilterAt, "0", strconv.Itoa(len(program)))}, nil
	}
	calls := allCalls(e)
	if e.Guest {
		return checkGuestFilter(e, program, calls, outside)
	}
	without, _, err := trial(nil, trialCalls(calls), nil)
	if err != nil {
		return nil, &clauseError{policy.ClauseSyscallsBase, e.FilterAt, err}
	}
	before := controlsOf(calls, without, outside)
	chosen := chooseCalls(e.FilterCanaries, before)
	own, counted := filtersOf("self"), ""
	with, load, err := trial(program, trialCalls(chosen), func(pid int) { counted = filtersOf(strconv.Itoa(pid)) })
	if err != nil {
		return nil, &clauseError{policy.ClauseSyscallsBase, e.FilterAt, err}
	}
	checks := []Check{checkLoaded(e, load)}
	if load != 0 {
		return checks, nil
	}
	expected := "one more"
	if n, err := strconv.Atoi(own); err == nil {
		expected = strconv.Itoa(n + 1)
	}
	checks = append(checks, equal(policy.ClauseSyscallsBase, "seccomp filters with it", e.FilterAt, expected, counted))
	return append(checks, judgeCalls(e, before, func(call compiler.CanaryCall) Outcome { return with[slices.Index(chosen, call)] })...), nil
}

// checkGuestFilter is the same for a guest, whose kernel does not count filters and takes
// long to fork: one child makes every call, first without the filter and then under it.
// Those that end it come last.
func checkGuestFilter(e compiler.Expectation, program []unix.SockFilter, calls []compiler.CanaryCall, outside []Outcome) ([]Check, error) {
	under := slices.Clone(calls)
	slices.SortStableFunc(under, func(a, b compiler.CanaryCall) int { return ends(a) - ends(b) })
	under = slices.Compact(under)
	got, load, err := trialFrom(len(calls), program, append(trialCalls(calls), trialCalls(under)...), nil)
	if err != nil {
		return nil, &clauseError{policy.ClauseSyscallsBase, e.FilterAt, err}
	}
	checks := []Check{checkLoaded(e, load)}
	if load != 0 {
		return checks, nil
	}
	before := controlsOf(calls, got[:len(calls)], outside)
	return append(checks, judgeCalls(e, before, func(call compiler.CanaryCall) Outcome { return got[len(calls)+slices.Index(under, call)] })...), nil
}

// ends is 1 for a call that ends whoever makes it under the filter.
func ends(call compiler.CanaryCall) int {
	if call.Answer == syscalls.KillProcess {
		return 1
	}
	return 0
}

// checkLoaded says whether the kernel took the filter.
func checkLoaded(e compiler.Expectation, load unix.Errno) Check {
	found := "loaded"
	if load != 0 {
		found = unix.ErrnoName(load)
	}
	return equal(policy.ClauseSyscallsBase, "filter", e.FilterAt, "loaded", found)
}

// controlsOf puts together how each call ended without the filter.
func controlsOf(calls []compiler.CanaryCall, without, outside []Outcome) map[compiler.CanaryCall]callControl {
	before := map[compiler.CanaryCall]callControl{}
	for i, call := range calls {
		c := callControl{inside: without[i], outside: without[i]}
		if i < len(outside) {
			c.outside = outside[i]
		}
		before[call] = c
	}
	return before
}

// judgeCalls looks at every canary; under gives how its call ended under the filter.
func judgeCalls(e compiler.Expectation, before map[compiler.CanaryCall]callControl, under func(compiler.CanaryCall) Outcome) []Check {
	var checks []Check
	for _, c := range e.FilterCanaries {
		call, ok := chooseCall(c, before)
		if !ok {
			checks = append(checks, Check{
				Clause: c.Clause, Subject: c.Subject + " under the filter", At: c.At,
				Expected: "tried", Found: "no call is known that shows it and harms nobody", Status: Unproven,
			})
			continue
		}
		checks = append(checks, judgeCall(c, call, before[call], under(call)))
	}
	return checks
}

// chooseCall is the first call of a canary that the wrapper leaves to the filter,
// or else the first.
func chooseCall(canary compiler.FilterCanary, before map[compiler.CanaryCall]callControl) (compiler.CanaryCall, bool) {
	for _, call := range canary.Calls {
		if expected, discriminates := before[call].expect(call.Answer); discriminates && (call.Answer == syscalls.Allow || expected != before[call].inside) {
			return call, true
		}
	}
	if len(canary.Calls) == 0 {
		return compiler.CanaryCall{}, false
	}
	return canary.Calls[0], true
}

// chooseCalls takes one call for each canary, and each call once: a process that is
// killed costs a record in the kernel's log.
func chooseCalls(canaries []compiler.FilterCanary, before map[compiler.CanaryCall]callControl) []compiler.CanaryCall {
	var chosen []compiler.CanaryCall
	for _, c := range canaries {
		if call, ok := chooseCall(c, before); ok && !slices.Contains(chosen, call) {
			chosen = append(chosen, call)
		}
	}
	return chosen
}

// filtersOf reads how many filters a process is under; "" where that cannot be read.
func filtersOf(pid string) string {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return ""
	}
	return ParseProcStatus(string(text))["Seccomp_filters"]
}

// judgeCall compares what a call did with what the filter answers to it.
func judgeCall(canary compiler.FilterCanary, call compiler.CanaryCall, before callControl, under Outcome) Check {
	expected, discriminates := before.expect(call.Answer)
	subject := canary.Subject + " under the filter"
	if call.Text != canary.Subject {
		subject = canary.Subject + " under the filter, " + call.Text
	}
	c := equal(canary.Clause, subject, canary.At, expected.String(), under.String())
	switch {
	// This kernel has no such entry: whoever takes it gets a fault with or without a
	// filter, or from the sentry ENOSYS, or under its platform ptrace, which takes it for
	// the 64-bit call of that number, EBADF from writev.
	case call.Entry != "" && (before.inside.Signal == unix.SIGSEGV || before.inside.Errno == unix.ENOSYS || before.inside.Errno == unix.EBADF) && under == before.inside:
		c.Status = Unproven
	case c.Status == Proven && !discriminates:
		c.Status = Unproven
	}
	return c
}

// callControl is how a call ended without the filter: in the sandbox as the wrapper
// made it, and outside.
type callControl struct{ inside, outside Outcome }

// denials are the errors that filters answer with.
var denials = []unix.Errno{
	unix.Errno(syscalls.EPERM), unix.Errno(syscalls.ENOSYS), unix.Errno(syscalls.EAFNOSUPPORT), unix.Errno(syscalls.EPROTONOSUPPORT),
}

// expect is how a call must end under the filter, and whether that tells anything.
// A denial does if the call ended otherwise without the filter, or at least outside:
// then the wrapper denies it too. An error that the wrapper may have given tells
// nothing of a call that the filter allows.
func (c callControl) expect(answer syscalls.Action) (expected Outcome, discriminates bool) {
	switch {
	case answer == syscalls.Allow:
		return c.inside, c.inside.Signal == 0 && !slices.Contains(denials, c.inside.Errno)
	case answer == syscalls.KillProcess:
		expected = Outcome{Signal: unix.SIGSYS}
	default:
		expected = Outcome{Errno: unix.Errno(answer & 0xffff)}
	}
	return expected, expected != c.inside || expected != c.outside
}

// allCalls are the calls of every canary, in their order.
func allCalls(e compiler.Expectation) []compiler.CanaryCall {
	var calls []compiler.CanaryCall
	for _, c := range e.FilterCanaries {
		calls = append(calls, c.Calls...)
	}
	return calls
}

// takeCalls makes the canaries' calls in the launcher, where there is no sandbox.
func takeCalls(e compiler.Expectation) []Outcome {
	outcomes, _, err := trial(nil, trialCalls(allCalls(e)), nil)
	if err != nil {
		return nil
	}
	return outcomes
}
