//go:build linux

package runner

import (
	"fmt"

	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

// checkNewCalls refuses a policy that gives a system call which this kernel does not
// have: the program would get ENOSYS for what the policy allows. kernel is the release
// of uname(2). What a policy denies may be missing.
func checkNewCalls(p *policy.Policy, kernel string) error {
	var running syscalls.Kernel
	if _, err := fmt.Sscanf(kernel, "%d.%d", &running.Major, &running.Minor); err != nil {
		return refuse("the version of this kernel cannot be read: %q", kernel)
	}
	var refusals compiler.Refusals
	check := func(name, clause string, at policy.Position) {
		if since, ok := syscalls.Since(name); ok && running.Before(since) {
			refusals = append(refusals, compiler.Refusal{
				At: at, Clause: clause, Message: "this kernel does not have the system call " + name,
				Found: "Linux " + kernel, Expected: "Linux " + since.String() + " or newer",
				Hint: "take it out, or run on a newer kernel",
			})
		}
	}
	for _, e := range p.Syscalls.Allow {
		check(e.Name, policy.ClauseSyscallsAllow, e.At)
	}
	for _, rule := range p.Syscalls.Rules {
		check(rule.Syscall, policy.ClauseSyscallsRule, rule.SyscallAt)
	}
	if len(refusals) == 0 {
		return nil
	}
	refusals.Sort()
	return refusals
}
