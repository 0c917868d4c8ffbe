package firejail

import (
	"slices"

	"confine/compiler"
	"confine/compiler/guard"
	"confine/policy"
)

// others begins what holds for callers other than root alone, where the caller is not known.
func others(caller compiler.Caller) string {
	if caller == compiler.AnyCaller {
		return "for a caller other than root "
	}
	return ""
}

// linked says how a sandbox reaches the gateway.
func linked(caller compiler.Caller) string {
	const link, answers = "own network namespace, with one link to the runner's gateway", "the runner answers connect(2) in the program's place (seccomp)"
	switch caller {
	case compiler.RootCaller:
		return link
	case compiler.OrdinaryCaller:
		return "own network namespace, without a link; " + answers + ", with its gateway"
	}
	return link + "; " + others(caller) + "without the link, and " + answers
}

// coverFilesOfGateway says of the files by which names are looked up whose they are: only
// root can mount the gateway's over them.
func coverFilesOfGateway(p *policy.Policy, caller compiler.Caller, rows []compiler.Coverage) {
	switch caller {
	case compiler.RootCaller:
		compiler.CoverGatewayFiles(p, "", rows)
	case compiler.AnyCaller:
		compiler.CoverGatewayFiles(p, "for a root caller ", rows)
	}
}

// coverGuard says of the rows what the guard beside the filter denies, and what a user
// namespace would have kept apart.
func coverGuard(p *policy.Policy, caller compiler.Caller, rows []compiler.Coverage) {
	if p.Network.Mode != policy.NetworkEgress || caller == compiler.RootCaller {
		return
	}
	rules := guardRules()
	for i := range rows {
		row := &rows[i]
		switch row.Clause {
		case policy.ClauseSyscallsBase:
			narrow(&row.Launched, others(caller)+"a guard beside it allows no sockets but those of TCP clients")
		case policy.ClauseSyscallsAllow:
			if guard.Has(rules, row.Subject) {
				narrow(&row.Launched, others(caller)+"a guard beside it denies some of it")
			}
		case policy.ClauseSyscallsRule:
			at := func(r policy.SyscallRule) bool { return r.At == row.At && guard.Has(rules, r.Syscall) }
			if slices.ContainsFunc(p.Syscalls.Rules, at) {
				narrow(&row.Launched, others(caller)+"a guard beside it denies some of it")
			}
		case policy.RlimitClause("nproc"), policy.RlimitClause("sigpending"), policy.RlimitClause("msgqueue"):
			// They count for a user and a user namespace, see getrlimit(2).
			narrow(&row.Launched, others(caller)+"what the user has outside counts too")
		}
	}
}

// narrow adds what denies more to a verdict, which is no better than stronger then.
func narrow(v *compiler.Verdict, how string) {
	if v.Strength == compiler.Exact {
		v.Strength = compiler.Stronger
	}
	v.How += "; " + how
}
