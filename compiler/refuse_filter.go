package compiler

import (
	"errors"
	"fmt"
	"strings"

	"confine/compiler/seccomp"
	"confine/policy"
)

// RefuseFilter turns the error of [seccomp.Compile] into refusals that name the lines
// of [syscalls] which it comes from. Any other error it gives back as it is.
func RefuseFilter(calls *policy.Syscalls, err error) error {
	var long *seccomp.TooLongError
	var mismatch *seccomp.MismatchError
	switch {
	case errors.As(err, &long):
		return refuseLength(calls, long)
	case errors.As(err, &mismatch):
		o := calls.Set().Origin(mismatch.Call.Arch, mismatch.Call.Number, mismatch.Call.Args)
		return Refusals{{
			At: calls.OriginAt(o), Clause: policy.ClauseSyscalls,
			Message:  "the compiled filter does not do what this says; it is a fault of confine, not of the policy",
			Found:    fmt.Sprintf("%s for %s with arguments %#x on %s", mismatch.Got, o.Call, mismatch.Call.Args, mismatch.Call.Arch),
			Expected: mismatch.Want.String(),
		}}
	}
	return err
}

// refuseLength names the calls whose rules cost most, and where these stand.
func refuseLength(calls *policy.Syscalls, long *seccomp.TooLongError) Refusals {
	refusal := Refusal{
		At: calls.At, Clause: policy.ClauseSyscalls,
		Message:  "the filter is longer than the kernel takes",
		Expected: fmt.Sprintf("at most %d instructions", seccomp.MaxInstructions),
		Hint:     "ranges and masks take fewer instructions than lists of values",
	}
	const most = 3
	var dearest []string
	for i, cost := range long.Costliest {
		if i == most {
			break
		}
		var places []string
		for _, rule := range calls.Rules {
			if rule.Syscall != cost.Syscall {
				continue
			}
			if len(dearest) == 0 && len(places) == 0 {
				refusal.At, refusal.Clause = rule.At, policy.ClauseSyscallsRule
			}
			if len(places) <= most {
				places = append(places, rule.At.String())
			}
		}
		if len(places) > most {
			places[most] = "..."
		}
		where := "of the base list"
		if len(places) > 0 {
			where = strings.Join(places, " ")
		}
		dearest = append(dearest, fmt.Sprintf("%d look at the arguments of %s (%s)", cost.Instructions, cost.Syscall, where))
	}
	refusal.Found = fmt.Sprintf("%d instructions; %s", long.Instructions, strings.Join(dearest, ", "))
	return Refusals{refusal}
}
