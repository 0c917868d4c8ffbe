package firejail

import (
	"slices"
	"strings"

	"confine/compiler"
	"confine/compiler/filter"
	"confine/policy"
	"confine/policy/syscalls"
)

const byTheStage = "filter loaded by the stage"

// coverBase judges the base list.
func coverBase(calls policy.Syscalls, f filter.Filter) (launched, standalone compiler.Verdict) {
	if calls.Base == syscalls.Unrestricted {
		return coverOpen()
	}
	how := "firejail's own deny list"
	if f.ProfileMissing != "" {
		how += "; there is no " + filter.OCIProfileName + " for container engines: " + f.ProfileMissing
	}
	return coverList(calls.Base), weaker(how)
}

// coverSyscalls judges what [syscalls] says on top of its base. An allowed call is
// lifted from firejail's own list, so that only other lines can deny it.
func coverSyscalls(calls policy.Syscalls, add func(clause, subject string, at policy.Position, launched, standalone compiler.Verdict)) {
	for _, e := range calls.Allow {
		launched, standalone := coverAllowed(e, calls)
		add(policy.ClauseSyscallsAllow, e.Name, e.At, launched, standalone)
	}
	for _, e := range calls.Deny {
		standalone := none("not in firejail's own deny list")
		if inOwnList(e.Name) {
			standalone = exact("firejail's own deny list")
		}
		add(policy.ClauseSyscallsDeny, e.Name, e.At, exact(byTheStage), standalone)
	}
	for _, rule := range calls.Rules {
		launched := exact(byTheStage)
		if why, ok := narrowedByOwn(rule); ok {
			launched = stronger(why)
		}
		add(policy.ClauseSyscallsRule, filter.Worded(rule), rule.At, launched, none("firejail looks at no argument of the policy's choice"))
	}
	if !calls.OnDenyAt.IsZero() {
		standalone := exact("EPERM")
		if calls.OnDeny == syscalls.DenyKill {
			standalone = weaker("EPERM")
		}
		add(policy.ClauseSyscallsOnDeny, string(calls.OnDeny), calls.OnDenyAt, exact(byTheStage), standalone)
	}
}

// coverList says whether a base list allows what other lines of the profile deny.
func coverList(name string) compiler.Verdict {
	base := syscalls.Set{Base: name}
	var lost []string
	for call := range ownFilters {
		if base.Decide(call, [6]syscalls.Argument{}).Verdict == syscalls.Allowed {
			lost = append(lost, call)
		}
	}
	if len(lost) == 0 {
		return exact(byTheStage)
	}
	slices.Sort(lost)
	return stronger("firejail's own filters deny some of " + strings.Join(lost, ", "))
}

// narrowedByOwn says which line of the profile denies some of what a rule may
// allow. Families that protocol lets through are the one thing that is looked at:
// a rule for them alone loses nothing.
func narrowedByOwn(rule policy.SyscallRule) (string, bool) {
	why, ok := ownFilters[rule.Syscall]
	if !ok || rule.Syscall != "socket" {
		return why, ok
	}
	families := func(c syscalls.Condition) bool {
		return c.Arg == 0 && c.Op == syscalls.OneOf && c.Mask == nil &&
			!slices.ContainsFunc(c.Values, func(v syscalls.Value) bool {
				return !slices.Contains(protocolFamilies, v.On(syscalls.X86_64))
			})
	}
	return why, !slices.ContainsFunc(rule.When, families)
}

// protocolFamilies are those of the profile's protocol line: AF_UNIX, AF_INET,
// AF_INET6 and AF_NETLINK of socket(2), the same on every architecture.
var protocolFamilies = []uint64{1, 2, 10, 16}
