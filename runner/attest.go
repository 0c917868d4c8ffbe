//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"confine/runner/stage"
)

// seenFromHost marks the checks that the runner makes itself, on the host's side
// of the sandbox: a stage that ran somewhere else could say anything.
const seenFromHost = ", seen from the host"

// attestFromHost looks at the process that reported, by the host's pid that the
// kernel attached to its report.
func attestFromHost(pid, wrapper int, order *stage.Order) ([]stage.Check, error) {
	status, err := procStatus(pid)
	if err != nil {
		return nil, err
	}
	checks := stage.CheckIdentity(seenFromHost, status, order.Identity())
	namespaces, err := attestNamespaces(pid, order)
	return append(append(checks, checkDescent(pid, wrapper)), namespaces...), err
}

// attestNamespaces looks at the namespaces of the process that reported.
func attestNamespaces(pid int, order *stage.Order) ([]stage.Check, error) {
	inside, err := stage.ReadNamespaces(strconv.Itoa(pid))
	if errors.Is(err, os.ErrPermission) {
		// The links of a process in another user namespace are for root only, see
		// namespaces(7); the stage has read its own.
		return []stage.Check{{
			Clause: "sandbox", Subject: "namespaces" + seenFromHost, Expected: "readable",
			Found: "readable for root only", Status: stage.Unproven,
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	return stage.CheckNamespaces(seenFromHost, order.Expectation, order.Namespaces, inside), nil
}

// checkDescent shows that the reporting process lives in the PID namespace that
// the wrapper made: its parent is PID 1 there, and a child of the wrapper.
func checkDescent(pid, wrapper int) stage.Check {
	c := stage.Check{
		Clause: "sandbox", Subject: "process tree" + seenFromHost,
		Expected: "PID 1 of the sandbox between the wrapper and the stage", Status: stage.Proven,
	}
	c.Found = c.Expected
	if _, err := initOf(pid, wrapper); err != nil {
		c.Found, c.Status = err.Error(), stage.Failed
	}
	return c
}

// initOf finds the sandbox's PID 1. Whoever is not exactly that must never be
// taken for it: it is what gets killed with all its descendants.
func initOf(pid, wrapper int) (int, error) {
	init, err := parentOf(pid)
	if err != nil {
		return 0, err
	}
	status, err := procStatus(init)
	if err != nil {
		return 0, err
	}
	numbers := strings.Fields(status["NSpid"])
	switch {
	case status["PPid"] != strconv.Itoa(wrapper):
		return 0, errors.New("no process between the wrapper and the stage")
	case len(numbers) < 2 || numbers[len(numbers)-1] != "1":
		return 0, errors.New("the wrapper made no PID namespace")
	}
	return init, nil
}

func procStatus(pid int) (stage.ProcStatus, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return nil, fmt.Errorf("look at process %d: %w", pid, err)
	}
	return stage.ParseProcStatus(string(text)), nil
}

func parentOf(pid int) (int, error) {
	status, err := procStatus(pid)
	if err != nil {
		return 0, err
	}
	parent, err := strconv.Atoi(status["PPid"])
	if err != nil {
		return 0, fmt.Errorf("parent of process %d: %w", pid, err)
	}
	return parent, nil
}

// failures words the checks that did not hold, the policy line first.
func failures(checks []stage.Check) []string {
	var lines []string
	for _, c := range checks {
		if c.Status != stage.Failed {
			continue
		}
		at := c.Clause
		if !c.At.IsZero() {
			at = c.At.String() + " " + c.Clause
		}
		lines = append(lines, fmt.Sprintf("%s: %s\n    expected  %s\n    found     %s", at, c.Subject, c.Expected, c.Found))
	}
	return lines
}

// count words how many checks were proven. What could not be shown either way,
// such as the namespaces for a caller without root, is in the receipt.
func count(checks []stage.Check) string {
	shown := proven(checks)
	if shown == len(checks) {
		return fmt.Sprintf("%d of %d checks", shown, len(checks))
	}
	return fmt.Sprintf("%d of %d checks, %d with no control here", shown, len(checks), len(checks)-shown)
}

func proven(checks []stage.Check) int {
	n := 0
	for _, c := range checks {
		if c.Status == stage.Proven {
			n++
		}
	}
	return n
}
