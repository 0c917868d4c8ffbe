package firejail

import (
	"slices"
	"strings"

	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

// stageCalls are what the stage may make under the filter, on the thread that
// proves it: a Go program that loses one of them dies. Measured by denying every
// call of the base list on its own; a signal in that moment needs rt_sigreturn.
var stageCalls = []string{"futex", "mmap", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"}

// refuseSyscalls gives what of [syscalls] nothing would enforce or prove.
func refuseSyscalls(calls policy.Syscalls) compiler.Refusals {
	var refusals compiler.Refusals
	if calls.OnDeny == syscalls.DenyKill {
		refusals = append(refusals, compiler.Refusal{
			At: calls.OnDenyAt, Clause: policy.ClauseSyscallsOnDeny,
			Message: `syscalls.on_deny = "kill" is not enforced by this version`,
			Found:   `on_deny = "kill"`, Expected: `on_deny = "errno"`,
		})
	}
	for _, rule := range calls.Rules {
		var when []string
		for _, condition := range rule.When {
			when = append(when, condition.Text)
		}
		refusals = append(refusals, compiler.Refusal{
			At: rule.At, Clause: policy.ClauseSyscallsRule,
			Message: "[[syscalls.rule]] is not enforced by this version",
			Found:   "a rule for " + rule.Syscall + ": " + strings.Join(when, ", "), Expected: "allow and deny, which take calls whole",
		})
	}
	for _, e := range calls.Deny {
		if slices.Contains(stageCalls, e.Name) {
			refusals = append(refusals, compiler.Refusal{
				At: e.At, Clause: policy.ClauseSyscallsDeny,
				Message:  "the stage needs this call under the filter, to prove that the filter is there",
				Found:    e.Name,
				Expected: "any call but " + strings.Join(stageCalls, ", "),
			})
		}
	}
	if len(calls.Allow) > 0 && canary(calls) == "" {
		refusals = append(refusals, compiler.Refusal{
			At: calls.Allow[0].At, Clause: policy.ClauseSyscallsAllow,
			Message:  "no call is left that could show that the filter is there",
			Found:    "allow names " + strings.Join(compiler.FilterCanaries(), ", "),
			Expected: "one of them not allowed",
		})
	}
	return refusals
}

// canary is a call that the filter denies and that would succeed without it, or
// empty if the policy allows all of them.
func canary(calls policy.Syscalls) string {
	set := calls.Set()
	for _, name := range compiler.FilterCanaries() {
		if set.Decide(name, [6]syscalls.Argument{}).Verdict == syscalls.Denied {
			return name
		}
	}
	return ""
}
