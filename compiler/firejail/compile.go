// Package firejail compiles a policy into firejail profiles. It is pure: the
// version of firejail is an input, and no directive is written that this version
// ignores, inverts or reorders.
package firejail

import (
	"confine/compiler"
	"confine/compiler/filter"
	"confine/compiler/guard"
	"confine/compiler/landlock"
	"confine/policy"
	"confine/policy/syscalls"
)

// The artifacts of a bundle for firejail.
const (
	// LaunchedProfile is for confine run, which adds what a profile cannot say.
	LaunchedProfile = "launched.profile"
	// StandaloneProfile is for firejail --profile= without confine.
	StandaloneProfile = "standalone.profile"
)

// Compile returns the bundle of a policy. The error is compiler.Refusals where
// the policy or the version is the reason.
func Compile(p *policy.Policy, target compiler.Target) (*compiler.Bundle, error) {
	release, _ := ReleaseOf(target.Version)
	launched, refusals := lay(p, target, release)
	if len(refusals) > 0 {
		return nil, refusals
	}
	calls, err := filter.Compile(target, &p.Syscalls)
	if err != nil {
		return nil, compiler.RefuseFilter(&p.Syscalls, err)
	}
	standalone, _ := layOut(standaloneFilesystem(p.Filesystem), release)
	by := forLaunch
	if mediated(p, target.Caller) {
		by = forMediation
	}
	bundle := &compiler.Bundle{
		Target: target, Policy: p.Name, Digest: p.Digest, FilterGenerator: calls.Generator,
		Artifacts: append(calls.Artifacts(),
			compiler.File{Name: LaunchedProfile, Data: writeProfile(p, launched, by)},
			compiler.File{Name: StandaloneProfile, Data: writeProfile(p, standalone, forItself)},
		),
		Coverage:    cover(p, target, release, calls),
		Expectation: expect(p, target, launched, calls.Program),
		Mounts:      launched.mounts,
	}
	if by == forMediation {
		g, err := guard.Compile(target.Arch, guardRules())
		if err != nil {
			return nil, err
		}
		bundle.Artifacts = append(bundle.Artifacts, g.Artifacts()...)
		bundle.Expectation.Guard = g.Expect(p.Network.At, true)
	}
	return bundle, nil
}

// Launched returns how every clause of the policy is enforced when confine run launches
// the program, without compiling the filter of system calls: its rows have no verdict for
// use without confine. It refuses what Compile refuses, but for the filter.
func Launched(p *policy.Policy, target compiler.Target) ([]compiler.Coverage, error) {
	release, _ := ReleaseOf(target.Version)
	if _, refusals := lay(p, target, release); len(refusals) > 0 {
		return nil, refusals
	}
	return compiler.LaunchedOnly(cover(p, target, release, filter.Filter{})), nil
}

// lay lays the files of a policy out, and gives the reasons that lie in the policy or the
// version, sorted.
func lay(p *policy.Policy, target compiler.Target, release Release) (layout, compiler.Refusals) {
	var refusals compiler.Refusals
	if refusal, refused := CheckVersion(target.Version); refused {
		refusals = append(refusals, refusal)
	}
	launched, refused := layOut(p.Filesystem, release)
	refusals = append(refusals, refused...)
	refusals = append(refusals, refuseProcess(p)...)
	for _, c := range p.Capabilities {
		refusals = append(refusals, compiler.Refusal{
			At: c.At, Clause: policy.ClauseCapabilitiesKeep, Message: "firejail cannot give a capability to an ordinary user",
			Found: c.Name, Expected: "keep = []",
		})
	}
	refusals.Sort()
	return launched, refusals
}

func refuseProcess(p *policy.Policy) compiler.Refusals {
	if p.Process.Directory == "" {
		return nil
	}
	if why := inexpressible(p.Process.Directory); why != "" {
		return compiler.Refusals{refuseSpelling(
			policy.ClauseProcessDirectory, p.Process.DirectoryAt, p.Process.Directory, why)}
	}
	return nil
}

func expect(p *policy.Policy, target compiler.Target, l layout, program []byte) compiler.Expectation {
	release, _ := ReleaseOf(target.Version)
	e := compiler.Expectation{
		SeccompFilters: release.SeccompFilters,
		Isolated:       []string{"ipc", "mnt", "pid", "user"},
		Network:        p.Network.Mode,
		NetworkAt:      p.Network.At,
		Gateway:        compiler.GatewayOf(p.Network),
		Egress:         p.Network.Egress,
		Emptied:        l.emptied.sorted(),
		Residual:       []string{"/run/firejail"},
		Aliases:        p.Filesystem.Links,
		Proc:           p.Filesystem.Proc,
		ProcAt:         p.Filesystem.ProcAt,
		Dev:            p.Filesystem.Dev,
		DevAt:          p.Filesystem.DevAt,
		Landlock:       landlock.Rules(p.Filesystem),
		Rlimits:        p.Rlimits,
		Filter:         program,
		Unfiltered:     p.Syscalls.Base == syscalls.Unrestricted,
		FilterAt:       p.Syscalls.At,
		FilterCanaries: filter.Canaries(p.Syscalls, target.Arch),
	}
	switch {
	case p.Network.Mode == policy.NetworkHost:
		e.Shared = []string{"net"}
	case mediated(p, target.Caller):
		e.Isolated, e.Shared = []string{"ipc", "mnt", "net", "pid"}, []string{"user"}
	default:
		e.Isolated = []string{"ipc", "mnt", "net", "pid", "user"}
	}
	for _, entry := range p.Filesystem.Entries {
		e.Paths = append(e.Paths, compiler.PathExpectation{PathEntry: entry, Replaced: replaced(entry.Path, release)})
	}
	return e
}

// replaced reports whether firejail shows something of its own at a path: it
// mounts a fresh sysfs, and copies of some files in /etc.
func replaced(path string, release Release) bool {
	b, found := builtinAt(path, release)
	return found && b.copied() || within(path, "/sys")
}
