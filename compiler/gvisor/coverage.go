package gvisor

import (
	"confine/compiler"
	"confine/compiler/filter"
	"confine/policy"
)

var (
	exact    = compiler.Exact.By
	stronger = compiler.Stronger.By
	weaker   = compiler.Weaker.By
	none     = compiler.None.By
)

// cover says for every clause of the policy how runsc and the stage enforce it.
func cover(p *policy.Policy, f filter.Filter, standalone standaloneCalls) []compiler.Coverage {
	rows := coverFilesystem(p.Filesystem)
	compiler.CoverGatewayFiles(p, "", rows)
	add := func(clause, subject string, at policy.Position, launched, standalone compiler.Verdict) {
		rows = append(rows, compiler.Coverage{
			Clause: clause, Subject: subject, At: at, Launched: launched, Standalone: standalone,
		})
	}
	const alone = "the sentry's own network stack, without an interface"
	rows = append(rows, compiler.CoverNetwork(p.Network, compiler.NetworkMechanism{
		Alone: alone, Linked: "the sentry's own network stack on one link to the runner's gateway", Unlinked: alone,
	})...)
	for _, r := range p.Rlimits {
		verdict := rlimitVerdict(r.Name)
		add(policy.RlimitClause(r.Name), "", r.At, verdict, verdict)
	}
	// Neither ports below 1024 nor higher priorities take a capability in the guest, and
	// both are the guest's own: runsc asks the host for what reaches that.
	capabilities := exact("process.capabilities, NoNewPrivs")
	add(policy.ClauseCapabilitiesKeep, "none", policy.Position{}, capabilities, capabilities)
	coverSyscalls(p.Syscalls, standalone, add)
	add(policy.ClauseEnvironment, "", policy.Position{},
		exact("composed by the runner"), exact("process.env has PATH alone"))
	if len(p.Environment.Pass) > 0 {
		add(policy.ClauseEnvironmentPass, "", p.FirstStated(policy.ClauseEnvironmentPass),
			exact("composed by the runner"), stronger("nothing is passed"))
	}
	if len(p.Environment.Set) > 0 {
		add(policy.ClauseEnvironmentSet, "", p.FirstStated(policy.ClauseEnvironmentSet),
			exact("composed by the runner"), none("no value is written to an artifact"))
	}
	if p.Process.User != "" {
		add(policy.ClauseProcessUser, p.Process.User, p.Process.UserAt,
			exact("runsc runs as this user; in the guest it has the number 0"), none("an id that nobody has on the host"))
	}
	if p.Process.Directory != "" {
		add(policy.ClauseProcessDirectory, p.Process.Directory, p.Process.DirectoryAt, exact("the stage"), exact("process.cwd"))
	}
	if p.Process.WallTime != 0 {
		add(policy.ClauseProcessWallTime, p.Process.WallTime.String(), p.Process.WallTimeAt,
			exact("the runner's timer"), none("nobody counts"))
	}
	if p.Process.Memory != 0 {
		add(policy.ClauseProcessMemory, "", p.Process.MemoryAt,
			stronger("a cgroup of the runner's, or of the caller's; what the sentry needs counts too"),
			stronger("linux.resources.memory, by root; what the sentry needs counts too"))
	}
	if p.Process.Pids != 0 {
		add(policy.ClauseProcessPids, "", p.Process.PidsAt,
			stronger("a cgroup of the runner's, or of the caller's; threads of runsc and of the sentry count too, and too few end the sandbox"),
			stronger("linux.resources.pids, by root; threads of the sentry count too, and too few end the sandbox"))
	}
	compiler.SortCoverage(rows)
	return rows
}
