package guestseccomp_test

import (
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// What runsc answers to a call: an effect, and not the action that has it.
const (
	executed = "executed"
	eperm    = "EPERM"
	enosys   = "ENOSYS"
	sigsys   = "SIGSYS"
)

// reading is a linux.seccomp as runsc reads it (runsc/specutils/seccomp/seccomp.go).
type reading struct {
	standard specs.LinuxSeccompAction
	// entries are those of a call in the order of the file.
	entries map[string][]specs.LinuxSyscall
	// unknown are names that the tables of runsc lack.
	unknown map[string]bool
	// traced says that a process can be made a tracer.
	traced bool
}

func read(s *specs.LinuxSeccomp, unknown ...string) reading {
	r := reading{standard: s.DefaultAction, entries: map[string][]specs.LinuxSyscall{}, unknown: map[string]bool{}}
	for _, name := range unknown {
		r.unknown[name] = true
	}
	for _, entry := range s.Syscalls {
		for _, name := range entry.Names {
			if !r.unknown[name] {
				r.entries[name] = append(r.entries[name], entry)
			}
		}
	}
	allows := func(e specs.LinuxSyscall) bool { return e.Action == specs.ActAllow }
	r.traced = slices.ContainsFunc(append(r.entries["ptrace"], specs.LinuxSyscall{Action: r.standard}), allows)
	return r
}

// answer is the worst that can happen to a call, whose name is empty for a number without
// one.
func (r reading) answer(name string, args [6]uint64) (string, error) {
	for _, entry := range r.entries[name] {
		fits, err := matches(entry.Args, args)
		if err != nil {
			return "", err
		}
		if fits {
			return r.effect(entry.Action)
		}
	}
	return r.effect(r.standard)
}

// matches joins conditions by or if any two are on one argument, and by and otherwise.
func matches(conditions []specs.LinuxSeccompArg, args [6]uint64) (bool, error) {
	all, some, twice := true, false, false
	for i, c := range conditions {
		holds, err := compares(c, args)
		if err != nil {
			return false, err
		}
		all, some = all && holds, some || holds
		for _, before := range conditions[:i] {
			twice = twice || before.Index == c.Index
		}
	}
	if twice {
		return some, nil
	}
	return all, nil
}

// compares looks at all 64 bits of an argument.
func compares(c specs.LinuxSeccompArg, args [6]uint64) (bool, error) {
	if c.Index > 5 {
		return false, fmt.Errorf("runsc does not survive argument %d", c.Index)
	}
	arg := args[c.Index]
	switch c.Op {
	case specs.OpEqualTo:
		return arg == c.Value, nil
	case specs.OpNotEqual:
		return arg != c.Value, nil
	case specs.OpGreaterThan:
		return arg > c.Value, nil
	case specs.OpGreaterEqual:
		return arg >= c.Value, nil
	case specs.OpLessThan:
		return arg < c.Value, nil
	case specs.OpLessEqual:
		return arg <= c.Value, nil
	case specs.OpMaskedEqual:
		return arg&c.Value == c.ValueTwo, nil
	}
	return false, fmt.Errorf("unsupported operand: %q", c.Op)
}

func (r reading) effect(action specs.LinuxSeccompAction) (string, error) {
	switch action {
	case specs.ActAllow:
		return executed, nil
	case specs.ActErrno:
		return eperm, nil
	case specs.ActTrace:
		if r.traced {
			return executed, nil
		}
		return enosys, nil
	case specs.ActTrap:
		return sigsys, nil
	case specs.ActKill:
		return "end of the thread", nil
	}
	return "", fmt.Errorf("invalid action: %s", action)
}
