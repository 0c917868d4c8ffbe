package firejail

import (
	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

// coverBase judges the base list. Without a filter of ours, these lines of the profile
// still look at calls: namespaces would give the program all capabilities.
func coverBase(calls policy.Syscalls, f filter) (launched, standalone compiler.Verdict) {
	if calls.Base == syscalls.Unrestricted {
		open := stronger("no filter; firejail still denies new namespaces, families of sockets other than unix, " +
			"inet, inet6 and netlink, and calls of other architectures")
		return open, open
	}
	how := "firejail's own deny list"
	if f.profileMissing != "" {
		how += "; there is no " + OCIProfile + " for container engines: " + f.profileMissing
	}
	return exact("filter loaded by the stage"), weaker(how)
}

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
