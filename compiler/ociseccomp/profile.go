package ociseccomp

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"confine/compiler/cubes"
	"confine/policy/syscalls"
)

// maxEntries bounds the entries of one call: each is a rule for libseccomp to compile,
// and a container engine does it at every start.
const maxEntries = 128

// The fields of Docker's profiles and of linux.seccomp of the OCI runtime
// specification that both read.
type profile struct {
	DefaultAction   string    `json:"defaultAction"`
	DefaultErrnoRet *uint     `json:"defaultErrnoRet,omitempty"`
	Architectures   []string  `json:"architectures"`
	Syscalls        []syscall `json:"syscalls"`
}

// A syscall is one entry: it matches if all args match, and a call is answered by
// whichever of its entries matches.
type syscall struct {
	Names    []string   `json:"names"`
	Action   string     `json:"action"`
	ErrnoRet *uint      `json:"errnoRet,omitempty"`
	Args     []argument `json:"args,omitempty"`
}

// An argument matches where the bits of value are valueTwo (SCMP_CMP_MASKED_EQ). An
// entry has at most one for each index: runc takes two as alternatives.
type argument struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

const (
	actionAllow = "SCMP_ACT_ALLOW"
	actionErrno = "SCMP_ACT_ERRNO"
	actionKill  = "SCMP_ACT_KILL_PROCESS"
	maskedEqual = "SCMP_CMP_MASKED_EQ"
)

// A TooLargeError is a call whose conditions take more entries than a profile should
// have.
type TooLargeError struct{ Syscall string }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the conditions of %s take more than %d entries", e.Syscall, maxEntries)
}

// Marshal returns f as JSON that allows exactly what f allows. What f denies by its
// arguments gets the default action, and not an error of its own: libseccomp compiles
// several actions for one call in no order that it promises. Numbers without a name
// and foreign architectures cannot be said: libseccomp ends the thread for the
// latter, and runc answers ENOSYS to the former. The error is a [*TooLargeError].
func Marshal(f syscalls.Filter) ([]byte, error) {
	p := profile{Architectures: []string{architectures[f.Arch]}}
	p.DefaultAction, p.DefaultErrnoRet = answer(f.Default)
	plain := map[syscalls.Action][]string{}
	var conditional []syscall
	for _, rule := range f.Rules {
		if len(rule.Cases) == 0 {
			if rule.Otherwise != f.Default {
				plain[rule.Otherwise] = append(plain[rule.Otherwise], rule.Name)
			}
			continue
		}
		entries, err := lower(rule)
		if err != nil {
			return nil, err
		}
		conditional = append(conditional, entries...)
	}
	for _, action := range slices.Sorted(maps.Keys(plain)) {
		entry := syscall{Names: slices.Sorted(slices.Values(plain[action]))}
		entry.Action, entry.ErrnoRet = answer(action)
		p.Syscalls = append(p.Syscalls, entry)
	}
	p.Syscalls = append(p.Syscalls, conditional...)
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode seccomp.json: %w", err)
	}
	return append(data, '\n'), nil
}

// lower gives the entries that match what a rule with cases allows.
func lower(rule syscalls.Rule) ([]syscall, error) {
	tooLarge := &TooLargeError{rule.Name}
	allowed, reached := cubes.Union{}, cubes.Union{cubes.Cube{}} // reached: no case before applied
	for _, c := range rule.Cases {
		applies, fails := cubes.Union{cubes.Cube{}}, cubes.Union{}
		for _, test := range c.When {
			yes, no := cubes.Split(test)
			outside := no // of the values that the test lists
			if test.Op == syscalls.NoneOf {
				outside = yes
			}
			if len(outside) > maxEntries {
				return nil, tooLarge
			}
			for _, match := range no {
				fails = fails.With(match)
			}
			var ok bool
			if applies, ok = applies.And(yes, maxEntries); !ok {
				return nil, tooLarge
			}
		}
		if c.Then == syscalls.Allow {
			fresh, ok := reached.And(applies, maxEntries)
			if !ok {
				return nil, tooLarge
			}
			for _, match := range fresh {
				allowed = allowed.With(match)
			}
		}
		var ok bool
		if reached, ok = reached.And(fails, maxEntries); !ok {
			return nil, tooLarge
		}
	}
	if rule.Otherwise == syscalls.Allow {
		for _, match := range reached {
			allowed = allowed.With(match)
		}
	}
	if len(allowed) > maxEntries {
		return nil, tooLarge
	}
	var entries []syscall
	for _, match := range allowed {
		entry := syscall{Names: []string{rule.Name}, Action: actionAllow}
		for arg, mask := range match.Masks {
			if mask != 0 {
				entry.Args = append(entry.Args, argument{uint(arg), mask, match.Values[arg], maskedEqual})
			}
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// answer is an action as the JSON has it, with the error number if it has one.
func answer(a syscalls.Action) (string, *uint) {
	switch a {
	case syscalls.Allow:
		return actionAllow, nil
	case syscalls.KillProcess:
		return actionKill, nil
	}
	errno := uint(a & 0xffff)
	return actionErrno, &errno
}

var architectures = map[syscalls.Arch]string{
	syscalls.X86_64:  "SCMP_ARCH_X86_64",
	syscalls.AArch64: "SCMP_ARCH_AARCH64",
}
