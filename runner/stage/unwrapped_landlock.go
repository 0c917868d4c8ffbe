//go:build linux

package stage

import (
	"fmt"

	"github.com/landlock-lsm/go-landlock/landlock"

	"confine/compiler"
	"confine/compiler/native"
	"confine/policy"
)

// restrict gives the whole process what Landlock has: the rules of the order, no TCP but in
// mode "host", and no signal and no abstract socket that leaves it. Nothing is left out
// where the kernel is older: then it fails. It returns the version of the interface that it
// used.
func restrict(order *Order) (version int, err error) {
	e := order.Expectation
	rules := make([]compiler.LandlockRule, 0, len(e.Landlock))
	for _, rule := range e.Landlock {
		if rule.Fresh {
			rule.Path = order.Fresh[rule.Path]
		}
		rules = append(rules, rule)
	}
	config := landlock.V6
	options, err := pathRules(rules, config.HandledAccessFS)
	if err != nil {
		return 0, err
	}
	if err := config.RestrictPaths(options...); err != nil {
		return 0, fmt.Errorf("landlock: %w", err)
	}
	if e.Network != policy.NetworkHost {
		if err := config.RestrictNet(); err != nil {
			return 0, fmt.Errorf("landlock of TCP: %w", err)
		}
	}
	if err := config.RestrictScoped(); err != nil {
		return 0, fmt.Errorf("landlock scopes: %w", err)
	}
	return native.LandlockVersion, nil
}
