// Package gvisor compiles a policy into an OCI bundle for runsc. It is pure: the
// version of runsc and what is known of the root file system are inputs, and nothing
// is written that this version ignores or takes for something else.
package gvisor

import (
	"confine/compiler"
	"confine/compiler/filter"
	"confine/policy"
	"confine/policy/syscalls"
)

// The artifacts of a bundle for gVisor, besides those of the filter and the skeleton.
const (
	// LaunchedConfig is for confine run, which adds what a bundle cannot say.
	LaunchedConfig = "launched.json"
	// LaunchedFlags are runsc's global flags for it.
	LaunchedFlags = "launched.flags.json"
	// StandaloneConfig is for runsc FLAGS run --bundle DIR ID without confine, and
	// StandaloneFlags are the FLAGS.
	StandaloneConfig = "config.json"
	StandaloneFlags  = "flags.json"
)

// Compile returns the bundle of a policy. The error is compiler.Refusals where the
// policy or the version is the reason.
func Compile(p *policy.Policy, target compiler.Target) (*compiler.Bundle, error) {
	if refusals := refused(p, target); len(refusals) > 0 {
		return nil, refusals
	}
	calls, err := filter.Compile(target, &p.Syscalls)
	if err != nil {
		return nil, compiler.RefuseFilter(&p.Syscalls, err)
	}
	standalone, err := standaloneFilter(p.Syscalls, calls)
	if err != nil {
		return nil, err
	}
	return assemble(p, target, calls, standalone)
}

// Ahead returns the bundle without what the filter makes of it: enough to start a guest
// with, whose stage waits for the rest. To compile and to prove the filter takes as long
// as a third of that start.
func Ahead(p *policy.Policy, target compiler.Target) (*compiler.Bundle, error) {
	if refusals := refused(p, target); len(refusals) > 0 {
		return nil, refusals
	}
	return assemble(p, target, filter.Filter{}, standaloneCalls{})
}

// Launched returns how every clause of the policy is enforced when confine run launches
// the program, without compiling the filter of system calls: its rows have no verdict for
// use without confine. It refuses what Compile refuses, but for the filter.
func Launched(p *policy.Policy, target compiler.Target) ([]compiler.Coverage, error) {
	if refusals := refused(p, target); len(refusals) > 0 {
		return nil, refusals
	}
	return compiler.LaunchedOnly(cover(p, filter.Filter{}, standaloneCalls{})), nil
}

func assemble(p *policy.Policy, target compiler.Target, calls filter.Filter, standalone standaloneCalls) (*compiler.Bundle, error) {
	gateway := compiler.GatewayOf(p.Network)
	var files []compiler.GatewayFile
	if gateway != nil {
		files = gateway.Files(p.Filesystem, hostname)
	}
	l := layOut(p.Filesystem, target.Root, files)
	b := &compiler.Bundle{
		Target: target, Policy: p.Name, Digest: p.Digest, FilterGenerator: calls.Generator,
		Artifacts:   calls.Artifacts(),
		Coverage:    cover(p, calls, standalone),
		Expectation: expect(p, target, l, calls.Program),
		Skeleton:    l.skeleton(),
	}
	launched, err := marshalSpec(launchedSpec(p, l))
	if err != nil {
		return nil, err
	}
	var command []string
	if target.Root != nil {
		command = target.Root.Command
	}
	config, err := marshalSpec(standaloneSpec(p, l, command, standalone.seccomp))
	if err != nil {
		return nil, err
	}
	launchedGlobals, err := marshalFlags(launchedFlags(p))
	if err != nil {
		return nil, err
	}
	standaloneGlobals, err := marshalFlags(standaloneFlags(p, standalone.seccomp != nil))
	if err != nil {
		return nil, err
	}
	b.Artifacts = append(b.Artifacts,
		compiler.File{Name: LaunchedConfig, Data: launched}, compiler.File{Name: LaunchedFlags, Data: launchedGlobals},
		compiler.File{Name: StandaloneConfig, Data: config}, compiler.File{Name: StandaloneFlags, Data: standaloneGlobals})
	return b, nil
}

// refused are the reasons that lie in the policy or the version, sorted.
func refused(p *policy.Policy, target compiler.Target) compiler.Refusals {
	var refusals compiler.Refusals
	if refusal, unknown := CheckVersion(target.Version); unknown {
		refusals = append(refusals, refusal)
	}
	refusals = append(refusals, refuse(p)...)
	refusals.Sort()
	return refusals
}

func expect(p *policy.Policy, target compiler.Target, l layout, program []byte) compiler.Expectation {
	e := compiler.Expectation{
		Guest:          true,
		Isolated:       []string{"ipc", "mnt", "net", "pid", "user"},
		Network:        p.Network.Mode,
		Gateway:        compiler.GatewayOf(p.Network),
		Egress:         p.Network.Egress,
		Residual:       l.residual,
		NetworkAt:      p.Network.At,
		Aliases:        p.Filesystem.Links,
		Proc:           p.Filesystem.Proc,
		ProcAt:         p.Filesystem.ProcAt,
		Dev:            p.Filesystem.Dev,
		DevAt:          p.Filesystem.DevAt,
		Closed:         closedNames(p.Filesystem),
		Rlimits:        p.Rlimits,
		Filter:         program,
		Unfiltered:     p.Syscalls.Base == syscalls.Unrestricted,
		FilterAt:       p.Syscalls.At,
		FilterCanaries: filter.Canaries(p.Syscalls, target.Arch),
	}
	if p.Network.Mode == policy.NetworkHost {
		e.Isolated, e.Shared = []string{"ipc", "mnt", "pid", "user"}, []string{"net"}
	}
	for _, entry := range p.Filesystem.Entries {
		e.Paths = append(e.Paths, compiler.PathExpectation{PathEntry: entry, Replaced: l.replaced[entry.Path]})
	}
	return e
}

// closedNames are the files that the sentry or the bundle has and no policy shows.
func closedNames(fs policy.Filesystem) []string {
	var names []string
	add := func(dir string, lists ...[]string) {
		for _, list := range lists {
			for _, name := range list {
				names = append(names, dir+"/"+name)
			}
		}
	}
	add("/proc", procFiles, procDirectories)
	names = append(names, "/dev/pts", "/dev/ptmx", "/dev/fuse", "/dev/net")
	if fs.Proc == policy.ProcNone {
		names = append(names, "/proc/self/status", "/proc/1/status")
	}
	if fs.Dev == policy.DevNone {
		names = append(names, append(policy.MinimalDevices(), sharedMemory)...)
	}
	return names
}
