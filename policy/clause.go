package policy

import "sort"

// Clauses are the stable names of what a policy can say. [Decision.Clause] and
// the compilers' coverage use them.
const (
	// ClauseFilesystem is the default of [filesystem]: what nothing names is hidden.
	ClauseFilesystem       = "filesystem"
	ClauseFilesystemRead   = "filesystem.read"
	ClauseFilesystemExec   = "filesystem.exec"
	ClauseFilesystemMap    = "filesystem.map"
	ClauseFilesystemWrite  = "filesystem.write"
	ClauseFilesystemTmp    = "filesystem.tmp"
	ClauseFilesystemHide   = "filesystem.hide"
	ClauseFilesystemAbsent = "filesystem.absent"
	ClauseFilesystemLinks  = "filesystem.links"
	ClauseFilesystemProc   = "filesystem.proc"
	ClauseFilesystemDev    = "filesystem.dev"

	ClauseNetworkMode    = "network.mode"
	ClauseNetworkEgress  = "network.egress"
	ClauseNetworkPrivate = "network.private"
	// Those of what a gateway lets through, under mode "egress".
	ClauseNetworkFronting       = "network.fronting"
	ClauseNetworkMaxBytes       = "network.max_bytes"
	ClauseNetworkMaxConnections = "network.max_connections"

	// ClauseRlimits is the default of [rlimits]: limits are inherited. A limit that
	// is set has the clause of [RlimitClause].
	ClauseRlimits = "rlimits"

	ClauseCapabilitiesKeep = "capabilities.keep"

	ClauseSyscallsBase = "syscalls.base"
	// ClauseSyscalls is the default of [syscalls]: what neither base nor allow names is
	// denied.
	ClauseSyscalls       = "syscalls"
	ClauseSyscallsAllow  = "syscalls.allow"
	ClauseSyscallsDeny   = "syscalls.deny"
	ClauseSyscallsOnDeny = "syscalls.on_deny"
	ClauseSyscallsRule   = "syscalls.rule"

	// ClauseEnvironment is the default of [environment]: a variable is removed.
	ClauseEnvironment     = "environment"
	ClauseEnvironmentPass = "environment.pass"
	ClauseEnvironmentSet  = "environment.set"

	ClauseProcessUser      = "process.user"
	ClauseProcessDirectory = "process.directory"
	ClauseProcessWallTime  = "process.wall_time"
	ClauseProcessMemory    = "process.memory"
	ClauseProcessPids      = "process.pids"
)

// FilesystemClause gives the clause of one list of [filesystem], for example
// "filesystem.read".
func FilesystemClause(mode PathMode) string { return "filesystem." + string(mode) }

// RlimitClause gives the clause of one resource limit, for example "rlimits.nofile".
func RlimitClause(name string) string { return "rlimits." + name }

// FirstStated is the position of the first statement of a clause, zero if nothing states it.
func (p *Policy) FirstStated(clause string) Position {
	for _, c := range p.Clauses() {
		if c.Clause == clause {
			return c.At
		}
	}
	return Position{}
}

// Clauses gives the clauses that must be enforced under this policy, sorted,
// with the position of their first statement: those that the file states and the
// defaults that hold without a word (zero Position). Rlimits that are not set and
// parts of [process] that are not stated are not clauses of the policy.
func (p *Policy) Clauses() []ClauseAt {
	at := map[string]Position{
		ClauseFilesystem:       {},
		ClauseFilesystemProc:   p.Filesystem.ProcAt,
		ClauseFilesystemDev:    p.Filesystem.DevAt,
		ClauseNetworkMode:      p.Network.At,
		ClauseCapabilitiesKeep: {},
		ClauseSyscallsBase:     p.Syscalls.At,
		ClauseEnvironment:      {},
	}
	first := func(clause string, pos Position) {
		was, ok := at[clause]
		if !ok || was.IsZero() || !pos.IsZero() && before(pos, was) {
			at[clause] = pos
		}
	}
	for _, e := range p.Filesystem.Entries {
		first(FilesystemClause(e.Mode), e.At)
	}
	for _, l := range p.Filesystem.Links {
		first(ClauseFilesystemLinks, l.At)
	}
	for _, r := range p.Rlimits {
		first(RlimitClause(r.Name), r.At)
	}
	for _, c := range p.Capabilities {
		first(ClauseCapabilitiesKeep, c.At)
	}
	for _, e := range p.Syscalls.Allow {
		first(ClauseSyscallsAllow, e.At)
	}
	for _, e := range p.Syscalls.Deny {
		first(ClauseSyscallsDeny, e.At)
	}
	if !p.Syscalls.OnDenyAt.IsZero() {
		first(ClauseSyscallsOnDeny, p.Syscalls.OnDenyAt)
	}
	for _, r := range p.Syscalls.Rules {
		first(ClauseSyscallsRule, r.At)
	}
	for _, e := range p.Environment.Pass {
		first(ClauseEnvironmentPass, e.At)
	}
	for _, v := range p.Environment.Set {
		first(ClauseEnvironmentSet, v.At)
	}
	if p.Process.User != "" {
		first(ClauseProcessUser, p.Process.UserAt)
	}
	if p.Process.Directory != "" {
		first(ClauseProcessDirectory, p.Process.DirectoryAt)
	}
	if p.Network.Mode == NetworkEgress {
		for _, e := range p.Network.Egress {
			first(ClauseNetworkEgress, e.At)
		}
		for _, n := range p.Network.Private {
			first(ClauseNetworkPrivate, n.At)
		}
		first(ClauseNetworkFronting, p.Network.FrontingAt)
		if p.Network.MaxBytes > 0 {
			first(ClauseNetworkMaxBytes, p.Network.MaxBytesAt)
		}
		if p.Network.MaxConnections > 0 {
			first(ClauseNetworkMaxConnections, p.Network.MaxConnectionsAt)
		}
	}
	if p.Process.Memory > 0 {
		first(ClauseProcessMemory, p.Process.MemoryAt)
	}
	if p.Process.Pids > 0 {
		first(ClauseProcessPids, p.Process.PidsAt)
	}
	if p.Process.WallTime > 0 {
		first(ClauseProcessWallTime, p.Process.WallTimeAt)
	}
	out := make([]ClauseAt, 0, len(at))
	for clause, pos := range at {
		out = append(out, ClauseAt{clause, pos})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Clause < out[j].Clause })
	return out
}

// ClauseAt is one clause of a policy and where the policy states it first.
type ClauseAt struct {
	Clause string
	At     Position
}

// ClauseNames gives every clause that a policy can have, sorted.
func ClauseNames() []string {
	names := []string{
		ClauseFilesystem, ClauseFilesystemLinks, ClauseFilesystemProc, ClauseFilesystemDev,
		ClauseNetworkMode, ClauseNetworkEgress, ClauseNetworkPrivate,
		ClauseNetworkFronting, ClauseNetworkMaxBytes, ClauseNetworkMaxConnections,
		ClauseCapabilitiesKeep, ClauseRlimits,
		ClauseSyscalls, ClauseSyscallsBase, ClauseSyscallsAllow, ClauseSyscallsDeny, ClauseSyscallsOnDeny, ClauseSyscallsRule,
		ClauseEnvironment, ClauseEnvironmentPass, ClauseEnvironmentSet,
		ClauseProcessUser, ClauseProcessDirectory, ClauseProcessWallTime, ClauseProcessMemory, ClauseProcessPids,
	}
	for _, mode := range pathModes {
		names = append(names, FilesystemClause(mode))
	}
	for _, limit := range rlimitNames() {
		names = append(names, RlimitClause(limit))
	}
	sort.Strings(names)
	return names
}

func before(a, b Position) bool {
	if a.File != b.File {
		return a.File < b.File
	}
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}
