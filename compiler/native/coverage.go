package native

import (
	"confine/compiler"
	"confine/compiler/filter"
	"confine/compiler/guard"
	"confine/policy"
	"confine/policy/syscalls"
)

var (
	exact    = compiler.Exact.By
	stronger = compiler.Stronger.By
	weaker   = compiler.Weaker.By
)

// alone is the verdict of everything without confine run: no other tool reads the bundle.
var alone = compiler.None.By("there is no tool but confine for it")

// cover says for every clause of the policy how the kernel enforces it. own says that the
// launch has mounts and processes of its own.
func cover(p *policy.Policy, own bool) []compiler.Coverage {
	rows := coverFilesystem(p, own)
	add := func(clause, subject string, at policy.Position, launched compiler.Verdict) {
		rows = append(rows, compiler.Coverage{Clause: clause, Subject: subject, At: at, Launched: launched})
	}
	rows = append(rows, compiler.CoverNetwork(p.Network, compiler.NetworkMechanism{
		Alone:  "no socket can be made (seccomp), and none of TCP connected or bound (Landlock)",
		Linked: "the runner answers connect(2) in the program's place (seccomp), with its gateway",
	})...)
	for _, r := range p.Rlimits {
		add(policy.RlimitClause(r.Name), "", r.At, coverRlimit(r.Name, own))
	}
	add(policy.ClauseCapabilitiesKeep, "none", policy.Position{}, coverCapabilities(own))
	coverSyscalls(p, add)
	add(policy.ClauseEnvironment, "", policy.Position{}, exact("composed by the runner"))
	if len(p.Environment.Pass) > 0 {
		add(policy.ClauseEnvironmentPass, "", p.FirstStated(policy.ClauseEnvironmentPass), exact("composed by the runner"))
	}
	if len(p.Environment.Set) > 0 {
		how := "composed by the runner"
		if !own {
			how += "; a value that names a tmp directory names the fresh one in it"
		}
		add(policy.ClauseEnvironmentSet, "", p.FirstStated(policy.ClauseEnvironmentSet), exact(how))
	}
	if p.Process.User != "" {
		add(policy.ClauseProcessUser, p.Process.User, p.Process.UserAt, exact("the runner starts the stage as this user"))
	}
	if p.Process.Directory != "" {
		add(policy.ClauseProcessDirectory, p.Process.Directory, p.Process.DirectoryAt, exact("the stage"))
	}
	if p.Process.WallTime != 0 {
		add(policy.ClauseProcessWallTime, p.Process.WallTime.String(), p.Process.WallTimeAt, exact("the runner's timer"))
	}
	if p.Process.Memory != 0 {
		add(policy.ClauseProcessMemory, "", p.Process.MemoryAt,
			stronger("a cgroup of the runner's, or of the caller's; what the warden needs counts too"))
	}
	if p.Process.Pids != 0 {
		add(policy.ClauseProcessPids, "", p.Process.PidsAt,
			stronger("a cgroup of the runner's, or of the caller's; the warden's threads count too"))
	}
	for i := range rows {
		rows[i].Standalone = alone
	}
	compiler.SortCoverage(rows)
	return rows
}

func coverCapabilities(own bool) compiler.Verdict {
	if own {
		return exact("the stage has none in any set, under NoNewPrivs")
	}
	return exact("the stage has none, under NoNewPrivs; the bounding set of an ordinary caller stays, and gives nothing")
}

func coverRlimit(name string, own bool) compiler.Verdict {
	if why := compiler.IgnoredByLinux(name); why != "" {
		return compiler.None.By(why)
	}
	const how = "the stage, right before execve"
	// They count for a user and a user namespace, and there is the caller's own limit for what
	// counts in all of them, see getrlimit(2) and user_namespaces(7).
	const outside = "; towards the caller's own limit what the user has outside counts too"
	perUser := name == "nproc" || name == "sigpending" || name == "msgqueue"
	switch {
	case perUser && !own:
		return stronger(how + "; what the user has outside counts too")
	case name == "nproc":
		return stronger(how + "; the warden's threads count too" + outside)
	case perUser:
		return stronger(how + outside)
	}
	return exact(how)
}

// coverSyscalls judges [syscalls]. Whatever it allows, the guard denies what goes around
// Landlock.
func coverSyscalls(p *policy.Policy, add func(clause, subject string, at policy.Position, launched compiler.Verdict)) {
	const byTheStage, beside = "filter loaded by the stage", "; the guard beside it denies what goes around Landlock"
	calls, guarded := p.Syscalls, guardRules(p.Network.Mode)
	if calls.Base == syscalls.Unrestricted {
		add(policy.ClauseSyscallsBase, calls.Base, calls.At, stronger("no filter"+beside))
	} else {
		add(policy.ClauseSyscallsBase, calls.Base, calls.At, stronger(byTheStage+beside))
	}
	for _, e := range calls.Allow {
		launched := exact(byTheStage)
		if guard.Has(guarded, e.Name) {
			launched = stronger(byTheStage + beside)
		}
		add(policy.ClauseSyscallsAllow, e.Name, e.At, launched)
	}
	for _, e := range calls.Deny {
		add(policy.ClauseSyscallsDeny, e.Name, e.At, exact(byTheStage))
	}
	for _, rule := range calls.Rules {
		launched := exact(byTheStage)
		if guard.Has(guarded, rule.Syscall) {
			launched = stronger(byTheStage + beside)
		}
		add(policy.ClauseSyscallsRule, filter.Worded(rule), rule.At, launched)
	}
	if !calls.OnDenyAt.IsZero() {
		add(policy.ClauseSyscallsOnDeny, string(calls.OnDeny), calls.OnDenyAt, exact(byTheStage))
	}
}
