// Package backends finds the compiler of a backend by its name.
package backends

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/compiler/gvisor"
	"confine/compiler/native"
	"confine/policy"
)

// all are the backends that compile.
var all = map[compiler.Backend]struct {
	compile compileFunc
	// ahead is compile without what takes long; nil is a backend that has no use for it.
	ahead compileFunc
	// launched is what compile says of coverage when confine run launches the program.
	launched func(*policy.Policy, compiler.Target) ([]compiler.Coverage, error)
	// known are the versions of its tool, or of Linux, the oldest first.
	known []compiler.Version
}{
	compiler.Firejail: {firejail.Compile, nil, firejail.Launched, firejail.Known},
	compiler.GVisor:   {gvisor.Compile, gvisor.Ahead, gvisor.Launched, gvisor.Known},
	compiler.Native:   {native.Compile, nil, native.Launched, native.Known},
}

type compileFunc func(*policy.Policy, compiler.Target) (*compiler.Bundle, error)

// Names are the backends that compile, sorted.
func Names() []string {
	var names []string
	for b := range all {
		names = append(names, string(b))
	}
	slices.Sort(names)
	return names
}

// DefaultVersion is the version of a backend's tool that is compiled for where nobody
// names one: the oldest that is known, as Debian 12 has firejail.
func DefaultVersion(b compiler.Backend) (compiler.Version, error) {
	if err := Check(b); err != nil {
		return compiler.Version{}, err
	}
	return all[b].known[0], nil
}

// Versions are the versions of a backend's tool that are compiled for, the oldest first.
func Versions(b compiler.Backend) []compiler.Version { return slices.Clone(all[b].known) }

// Machines are the architectures that compile, as uname(2) spells them.
func Machines() []string { return []string{"x86_64", "aarch64"} }

// Check refuses an unknown name.
func Check(b compiler.Backend) error {
	if _, ok := all[b]; ok {
		return nil
	}
	names := Names()
	return fmt.Errorf("unknown backend %q: expected %s or %s", b, strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}

// Compile compiles a policy for a target. today decides which of its exceptions still
// hold, and nothing else. The error is compiler.Refusals where the policy is the
// reason: all of them at once.
func Compile(p *policy.Policy, target compiler.Target, today time.Time) (*compiler.Bundle, error) {
	if err := Check(target.Backend); err != nil {
		return nil, err
	}
	if !slices.Contains(Machines(), target.Arch) {
		return nil, fmt.Errorf("unknown machine %q: expected %s", target.Arch, strings.Join(Machines(), " or "))
	}
	return compile(all[target.Backend].compile, p, target, today)
}

// Ahead is Compile without the filter of system calls, where the backend can start
// something before that is there. It refuses what Compile refuses, but for the filter.
func Ahead(p *policy.Policy, target compiler.Target, today time.Time) (bundle *compiler.Bundle, ok bool, err error) {
	if err := Check(target.Backend); err != nil {
		return nil, false, err
	}
	ahead := all[target.Backend].ahead
	if ahead == nil {
		return nil, false, nil
	}
	bundle, err = compile(ahead, p, target, today)
	return bundle, true, err
}

// Launched says how a policy is enforced under a target when confine run launches the
// program, with the exceptions that today still hold, and gives those that are not needed.
// The filter of system calls is not compiled, so a filter that is too long for the kernel
// is not found. The error is compiler.Refusals where the policy is the reason.
func Launched(p *policy.Policy, target compiler.Target, today time.Time) (rows []compiler.Coverage, unused []policy.Accept, err error) {
	bundle, err := compile(func(p *policy.Policy, target compiler.Target) (*compiler.Bundle, error) {
		rows, err := all[target.Backend].launched(p, target)
		return &compiler.Bundle{Coverage: rows}, err
	}, p, target, today)
	if err != nil {
		return nil, nil, err
	}
	return bundle.Coverage, bundle.Unused, nil
}

func compile(backend compileFunc, p *policy.Policy, target compiler.Target, today time.Time) (*compiler.Bundle, error) {
	refusals := unsupported(p)
	bundle, err := backend(p, target)
	var more compiler.Refusals
	switch {
	case errors.As(err, &more):
		refusals = append(refusals, more...)
	case err != nil:
		return nil, err
	default:
		bundle.Sources = p.Sources
		refusals = append(refusals, uncovered(p, bundle.Coverage, refusals)...)
		more, bundle.Unused = compiler.ApplyExceptions(p, target.Backend, bundle.Coverage, today)
		refusals = append(refusals, more...)
		if bundle.Unused, err = unusedWithout(p, target, bundle.Unused, today); err != nil {
			return nil, err
		}
	}
	if len(refusals) > 0 {
		refusals.Sort()
		return nil, refusals
	}
	return bundle, nil
}

// unusedWithout leaves of unused exceptions what a launch without namespaces of its own does
// not need either: the same policy is for both.
func unusedWithout(p *policy.Policy, target compiler.Target, unused []policy.Accept, today time.Time) ([]policy.Accept, error) {
	if !target.Namespaces || len(unused) == 0 {
		return unused, nil
	}
	target.Namespaces = false
	rows, err := all[target.Backend].launched(p, target)
	if err != nil {
		return nil, err
	}
	_, without := compiler.ApplyExceptions(p, target.Backend, rows, today)
	return slices.DeleteFunc(unused, func(a policy.Accept) bool {
		return !slices.ContainsFunc(without, func(w policy.Accept) bool { return w.Clause == a.Clause })
	}), nil
}
