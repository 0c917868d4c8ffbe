package gvisor

import (
	"fmt"
	"slices"

	"confine/compiler"
	"confine/compiler/filter"
	"confine/policy"
	"confine/policy/syscalls"
)

const byTheStage = "filter loaded by the stage, in the guest"

// undoing are calls that go around what another clause says. Those that the sentry
// does not have (io_uring, request_key, fanotify) are not among them.
var undoing = []struct{ name, why string }{
	{"memfd_create", "it goes around filesystem.exec and filesystem.map: the program can fill a file without a path, map and start it"},
	{"mount", "it goes around filesystem.tmp: in a user namespace of its own the program can mount a tmpfs without noexec and without a size"},
	{"fsmount", "it goes around filesystem.tmp, proc and dev: in a user namespace of its own the program can make such file systems, to use by descriptor"},
	{"move_mount", "it goes around filesystem.tmp: in a user namespace of its own the program can mount a tmpfs without noexec and without a size"},
}

func undone(name string) string {
	i := slices.IndexFunc(undoing, func(u struct{ name, why string }) bool { return u.name == name })
	if i < 0 {
		return ""
	}
	return undoing[i].why
}

type addRow func(clause, subject string, at policy.Position, launched, standalone compiler.Verdict)

func coverSyscalls(calls policy.Syscalls, standalone standaloneCalls, add addRow) {
	if calls.Base == syscalls.Unrestricted {
		open := weaker("no filter: memfd_create goes around filesystem.exec and map, and mount in a new user namespace around filesystem.tmp, proc and dev")
		add(policy.ClauseSyscallsBase, calls.Base, calls.At, open, open)
	} else {
		launched := exact(byTheStage)
		if n := missingOf(calls); n > 0 {
			launched = stronger(fmt.Sprintf("%s, which lacks %d of the calls", byTheStage, n))
		}
		add(policy.ClauseSyscallsBase, calls.Base, calls.At, launched, standalone.verdict)
	}
	for _, e := range calls.Allow {
		launched, alone := exact(byTheStage), standalone.verdict
		if slices.Contains(missing, e.Name) {
			launched = stronger(byTheStage + ", which lacks the call")
		}
		if why := undone(e.Name); why != "" && calls.Set().Decide(e.Name, [6]syscalls.Argument{}).Verdict != syscalls.Denied {
			if launched = weaker(why); alone.Strength.Sufficient() {
				alone = launched
			}
		}
		add(policy.ClauseSyscallsAllow, e.Name, e.At, launched, alone)
	}
	for _, e := range calls.Deny {
		add(policy.ClauseSyscallsDeny, e.Name, e.At, exact(byTheStage), standalone.verdict)
	}
	for _, rule := range calls.Rules {
		add(policy.ClauseSyscallsRule, filter.Worded(rule), rule.At, exact(byTheStage), standalone.verdict)
	}
	if calls.OnDenyAt.IsZero() {
		return
	}
	launched := exact(byTheStage)
	if calls.OnDeny == syscalls.DenyKill {
		// pkg/sentry/kernel/seccomp.go knows SECCOMP_RET_KILL_THREAD and takes every other
		// verdict that kills for it.
		launched = weaker("the sentry ends the thread that makes the call, not its process")
	}
	add(policy.ClauseSyscallsOnDeny, string(calls.OnDeny), calls.OnDenyAt, launched, standalone.onDeny)
}
