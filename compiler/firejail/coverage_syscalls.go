package firejail

import (
	"confine/compiler"
	"confine/policy"
)

// coverSyscalls judges what [syscalls] says on top of its base. An allowed call is
// lifted from firejail's own list, so that only other lines can deny it.
func coverSyscalls(calls policy.Syscalls, add func(clause, subject string, at policy.Position, launched, standalone compiler.Verdict)) {
	for _, e := range calls.Allow {
		launched, standalone := exact("filter loaded by the stage"), exact("not in firejail's own deny list")
		if why, ok := ownFilters[e.Name]; ok {
			launched, standalone = stronger(why), stronger(why)
		}
		add(policy.ClauseSyscallsAllow, e.Name, e.At, launched, standalone)
	}
	for _, e := range calls.Deny {
		standalone := none("not in firejail's own deny list")
		if inOwnList(e.Name) {
			standalone = exact("firejail's own deny list")
		}
		add(policy.ClauseSyscallsDeny, e.Name, e.At, exact("filter loaded by the stage"), standalone)
	}
	if !calls.OnDenyAt.IsZero() {
		add(policy.ClauseSyscallsOnDeny, string(calls.OnDeny), calls.OnDenyAt,
			exact("filter loaded by the stage"), exact("EPERM"))
	}
}
