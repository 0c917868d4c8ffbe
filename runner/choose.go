//go:build linux

package runner

import (
	"errors"
	"fmt"
	"sync"

	"confine/compiler"
	"confine/compiler/backends"
)

// choose takes the backend of the options, or the first one that is usable here and
// enforces the whole policy, and compiles the policy for it.
func (l *launchable) choose() error {
	if l.Backend != BackendAuto {
		if err := backends.Check(compiler.Backend(l.Backend)); err != nil {
			return refuse("%v", err)
		}
		l.backend = backendOf(compiler.Backend(l.Backend))
		return l.compile()
	}
	var failures []backendFailure
	for _, b := range backendsByRank {
		l.backend, l.full = b, nil
		err := l.compile()
		if err == nil {
			l.passedOver = failures
			return nil
		}
		failures = append(failures, backendFailure{b.name(), err})
	}
	return refuseAll(failures)
}

// backendFailure is why a backend was not taken.
type backendFailure struct {
	backend compiler.Backend
	err     error
}

// compile makes the bundle of the chosen backend, or says why it cannot be used.
func (l *launchable) compile() error {
	l.backend.probe(&l.host)
	if problems := l.backend.problems(l.host, l.Policy); len(problems) > 0 {
		return refuseProblems(problems)
	}
	target, err := l.backend.target(l)
	if err != nil {
		return err
	}
	ahead, early, err := backends.Ahead(l.Policy, target, l.started)
	if err != nil {
		return err
	}
	full := func() (*compiler.Bundle, error) { return backends.Compile(l.Policy, target, l.started) }
	if early {
		l.bundle, l.full = ahead, sync.OnceValues(full)
		go func() { _, _ = l.full() }()
	} else if l.bundle, err = full(); err != nil {
		return err
	}
	return l.backend.check(l)
}

// complete waits for the whole bundle, where a part of it was enough to start with.
func (l *launchable) complete() error {
	if l.full == nil {
		return nil
	}
	bundle, err := l.full()
	if err == nil {
		l.bundle = bundle
	}
	return err
}

// refuseAll words why no backend could be taken. Where one of them is usable and takes
// the policy's lines for the reason, these are what can be changed; of several, the first.
func refuseAll(failures []backendFailure) error {
	for _, f := range failures {
		var refusals compiler.Refusals
		if errors.As(f.err, &refusals) {
			return f.err
		}
	}
	r := refuse("no backend can enforce this policy here")
	for _, f := range failures {
		var why *Refusal
		if !errors.As(f.err, &why) {
			r.Failed = append(r.Failed, fmt.Sprintf("%s: %v", f.backend, f.err))
			continue
		}
		r.Failed = append(r.Failed, fmt.Sprintf("%s: %s", f.backend, why.Message))
		for _, line := range append([]string{why.Found}, why.Failed...) {
			if line != "" {
				r.Failed = append(r.Failed, "  found     "+line)
			}
		}
		for _, instead := range why.Instead {
			r.Instead = append(r.Instead, fmt.Sprintf("for %s: %s", f.backend, instead))
		}
	}
	return r
}
