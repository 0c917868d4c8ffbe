// Package native compiles a policy for the kernel alone: Landlock rules, two seccomp
// filters and what the stage does without any wrapper. It needs no privilege and no tool,
// and works in containers in which neither firejail nor runsc can start. It is pure.
package native

import (
	"confine/compiler"
	"confine/compiler/filter"
	"confine/compiler/guard"
	"confine/policy"
	"confine/policy/syscalls"
)

// Compile returns the bundle of a policy. The error is compiler.Refusals where the policy
// or the version is the reason.
func Compile(p *policy.Policy, target compiler.Target) (*compiler.Bundle, error) {
	if refusals := refused(p, target); len(refusals) > 0 {
		return nil, refusals
	}
	calls, err := filter.Compile(target, &p.Syscalls)
	if err != nil {
		return nil, compiler.RefuseFilter(&p.Syscalls, err)
	}
	g, err := guard.Compile(target.Arch, guardRules(p.Network.Mode))
	if err != nil {
		return nil, err
	}
	e := expect(p, target, calls.Program, g)
	return &compiler.Bundle{
		Target: target, Policy: p.Name, Digest: p.Digest, FilterGenerator: calls.Generator,
		Artifacts:   append(append(calls.Artifacts(), g.Artifacts()...), compiler.File{Name: RulesName, Data: listRules(e.Landlock)}),
		Coverage:    cover(p, target.Namespaces),
		Expectation: e,
	}, nil
}

// Launched returns how every clause of the policy is enforced when confine run launches the
// program, without compiling the filters. It refuses what Compile refuses, but for those.
func Launched(p *policy.Policy, target compiler.Target) ([]compiler.Coverage, error) {
	if refusals := refused(p, target); len(refusals) > 0 {
		return nil, refusals
	}
	return compiler.LaunchedOnly(cover(p, target.Namespaces)), nil
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

// namespaces are those of a launch that must not be the launcher's, and that must. In mode
// "egress" the program's sockets are of the machine's network, and connected by the runner.
func namespaces(mode policy.NetworkMode, own bool) (isolated, shared []string) {
	switch {
	case !own:
		return nil, []string{"ipc", "mnt", "net", "pid", "user"}
	case mode == policy.NetworkNone:
		return []string{"ipc", "mnt", "net", "pid", "user"}, nil
	}
	return []string{"ipc", "mnt", "pid", "user"}, []string{"net"}
}

func expect(p *policy.Policy, target compiler.Target, program []byte, g guard.Guard) compiler.Expectation {
	isolated, shared := namespaces(p.Network.Mode, target.Namespaces)
	e := compiler.Expectation{
		Isolated:       isolated,
		Shared:         shared,
		Network:        p.Network.Mode,
		NetworkAt:      p.Network.At,
		Gateway:        compiler.GatewayOf(p.Network),
		Egress:         p.Network.Egress,
		Aliases:        p.Filesystem.Links,
		Proc:           p.Filesystem.Proc,
		ProcAt:         p.Filesystem.ProcAt,
		Dev:            p.Filesystem.Dev,
		DevAt:          p.Filesystem.DevAt,
		Landlock:       rules(p.Filesystem, target.Namespaces),
		Rlimits:        p.Rlimits,
		Filter:         program,
		Unfiltered:     p.Syscalls.Base == syscalls.Unrestricted,
		FilterAt:       p.Syscalls.At,
		FilterCanaries: filter.Canaries(p.Syscalls, target.Arch),
		Unwrapped:      &compiler.Unwrapped{Namespaces: target.Namespaces},
		Guard:          g.Expect(p.Network.At, p.Network.Mode == policy.NetworkEgress),
	}
	for _, entry := range p.Filesystem.Entries {
		e.Paths = append(e.Paths, compiler.PathExpectation{PathEntry: entry})
	}
	return e
}
