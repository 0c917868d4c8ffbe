//go:build linux

package runner

import (
	"os"

	"confine/compiler"
	"confine/policy"
	"confine/runner/stage"
)

// backend is one way to confine.
type backend interface {
	name() compiler.Backend
	// probe looks at what the host has of the backend's tool.
	probe(h *Host)
	// problems are the reasons why it cannot enforce a policy here for this caller. p
	// is nil for any policy.
	problems(h Host, p *policy.Policy) []Problem
	// target is what a policy is compiled for here.
	target(l *launchable) (compiler.Target, error)
	// check refuses what the host has, or the caller asks, and this tool cannot take.
	check(l *launchable) error
	// start makes the sandbox and its stage; a signal ends the attempt.
	start(l *launchable, order *stage.Order, signals <-chan os.Signal) (enclosure, error)
	// describe names the tool, for people.
	describe(l *launchable) string
}

// backendsByRank are tried in this order by BackendAuto.
var backendsByRank = []backend{gvisorBackend{}, firejailBackend{}, nativeBackend{}}

// backendOf finds a backend by its name, which backends.Check has accepted.
func backendOf(name compiler.Backend) backend {
	for _, b := range backendsByRank {
		if b.name() == name {
			return b
		}
	}
	return nil
}

// Problems are the reasons why a backend would not confine here, for any policy; none
// means that it is usable.
func (h Host) Problems(name compiler.Backend) []Problem { return backendOf(name).problems(h, nil) }

// Rank are the backends in the order in which BackendAuto tries them.
func Rank() []compiler.Backend {
	names := make([]compiler.Backend, 0, len(backendsByRank))
	for _, b := range backendsByRank {
		names = append(names, b.name())
	}
	return names
}
