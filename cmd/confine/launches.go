package main

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/compiler/filter"
	"confine/policy"
	"confine/policy/lint"
)

// launches asks the compilers how policies are enforced when confine run launches them.
// Filters of system calls are compiled once for each [syscalls] table: that takes longer
// than all the rest.
type launches struct {
	mu sync.Mutex
	// sound are the tables, as JSON, whose filter compiles.
	sound map[string]bool
}

func newLaunches() *launches { return &launches{sound: map[string]bool{}} }

// coverage is what every backend makes of a policy, at the version that is compiled for
// where nobody names one; and what its other versions refuse.
func (l *launches) coverage(p *policy.Policy) []lint.Enforcement {
	var all []lint.Enforcement
	for _, name := range backends.Names() {
		backend := compiler.Backend(name)
		versions := backends.Versions(backend)
		e := l.enforcement(p, backend, versions[0])
		e.Elsewhere = elsewhere(p, backend, versions[1:])
		all = append(all, e)
	}
	return all
}

// enforcement asks one backend. The exceptions count whatever their date is: there is a
// rule for those that are past it.
func (l *launches) enforcement(p *policy.Policy, backend compiler.Backend, version compiler.Version) lint.Enforcement {
	e := lint.Enforcement{Backend: string(backend), Version: version.String()}
	target := compiler.Target{Backend: backend, Version: version, Arch: defaultArch()}
	_, unused, err := backends.Launched(p, target, time.Time{})
	if err == nil {
		err = l.filter(p, target)
	}
	if e.Refusals = refusalsOf(err); len(e.Refusals) == 0 {
		e.Unused = unused
	}
	return e
}

// elsewhere gives what other versions of a backend refuse.
func elsewhere(p *policy.Policy, backend compiler.Backend, versions []compiler.Version) []lint.ReleaseRefusal {
	// What the oldest and the newest release take they all take: a test of the compiler holds
	// that.
	if len(versions) == 0 {
		return nil
	}
	newest := compiler.Target{Backend: backend, Version: versions[len(versions)-1], Arch: defaultArch()}
	if _, _, err := backends.Launched(p, newest, time.Time{}); err == nil {
		return nil
	}
	by := map[lint.Refusal][]string{}
	var order []lint.Refusal
	for _, version := range versions {
		_, _, err := backends.Launched(p, compiler.Target{Backend: backend, Version: version, Arch: defaultArch()}, time.Time{})
		for _, r := range refusalsOf(err) {
			if by[r] == nil {
				order = append(order, r)
			}
			by[r] = append(by[r], version.String())
		}
	}
	var out []lint.ReleaseRefusal
	for _, r := range order {
		out = append(out, lint.ReleaseRefusal{Refusal: r, Versions: strings.Join(by[r], ", ")})
	}
	return out
}

// filter reports a [syscalls] table that gives no filter.
func (l *launches) filter(p *policy.Policy, target compiler.Target) error {
	key, err := json.Marshal(p.Syscalls.Set())
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sound[string(key)] {
		return nil
	}
	if _, err := filter.Compile(target, &p.Syscalls); err != nil {
		return compiler.RefuseFilter(&p.Syscalls, err)
	}
	l.sound[string(key)] = true
	return nil
}

func refusalsOf(err error) []lint.Refusal {
	var refusals compiler.Refusals
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refusals):
		return []lint.Refusal{{Message: err.Error()}}
	}
	var out []lint.Refusal
	for _, r := range refusals {
		out = append(out, lint.Refusal{Clause: r.Clause, Message: r.Message, Found: r.Found, Expected: r.Expected, Hint: r.Hint, At: r.At})
	}
	return out
}
