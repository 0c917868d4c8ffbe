//go:build linux

package main

import (
	"fmt"
	"strings"

	"confine/policy/syscalls"
)

// defaults are arguments without which a call fails before anything is asked of it.
var defaults = map[string][6]string{"socket": {1: "SOCK_STREAM"}}

// withArguments makes a call with the registers that its text gives; all others
// are 0. What returns a descriptor leaves it open.
func withArguments(text string) error {
	name, args, err := syscalls.ParseCall(text)
	if err != nil {
		return err
	}
	number, err := native.Number(name)
	if err != nil {
		return err
	}
	var registers [6]uintptr
	for i, arg := range args {
		if arg == "" {
			arg = syscalls.Argument(defaults[name][i])
		}
		if arg == "" {
			continue
		}
		// A condition is where the names of constants are known.
		condition, err := syscalls.ParseCondition(fmt.Sprintf("arg%d == %s", i, arg))
		if err != nil {
			return err
		}
		registers[i] = uintptr(condition.Values[0].On(native))
	}
	return errorOf(raw(uintptr(number), registers[:]...))
}

// hasArguments reports whether a call is given in full.
func hasArguments(text string) bool { return strings.Contains(text, "(") }
