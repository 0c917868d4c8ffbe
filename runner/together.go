//go:build linux

package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"confine/policy"
	"confine/runner/stage"
)

// boundProblems say which limits on all processes together cannot be enforced for this
// caller, and why. A policy that is nil has none.
func (h Host) boundProblems(p *policy.Policy) []Problem {
	if p == nil {
		return nil
	}
	var problems []Problem
	for _, b := range boundsOf(p.Process) {
		if _, ok := ceilingOf(b); ok {
			continue
		}
		problem := Problem{
			Message:  b.bounded + " cannot be limited here" + where(b.at),
			Expected: "a root caller, and a " + b.name + " cgroup in " + cgroupRoot + "; or a container with a limit that is no higher",
			Instead:  []string{b.instead},
		}
		if h.Caller.UID != 0 {
			problem.Found = fmt.Sprintf("caller with uid %d", h.Caller.UID)
		} else if _, ok := b.find(); !ok {
			problem.Found = "no " + b.name + " controller"
		} else {
			continue
		}
		problems = append(problems, problem)
	}
	return problems
}

// together are the cgroups of one launch, one for each bound. Under version 2 they are one
// directory.
type together []*cgroup

// bind makes the limits of a policy hold for what is started from now on. Either all of
// them are the launch's own or all the caller's: under version 2 a process that enters a
// group leaves the one whose limits it had.
func bind(p policy.Process) (together, error) {
	bounds := boundsOf(p)
	var own together
	var err error
	name := "confine-" + strings.ToLower(rand.Text())
	for _, b := range bounds {
		var g *cgroup
		if g, err = makeCgroup(b, name); err != nil {
			own.remove()
			err = fmt.Errorf("%w%s", err, where(b.at))
			break
		}
		own = append(own, g)
	}
	if err == nil {
		return own, nil
	}
	var callers together
	for _, b := range bounds {
		g, ok := ceilingOf(b)
		if !ok {
			return nil, err
		}
		callers = append(callers, g)
	}
	return callers, nil
}

// join puts a process into the groups.
func (t together) join(pid int) error {
	for _, g := range t {
		if err := g.join(pid); err != nil {
			return err
		}
	}
	return nil
}

// made are the directories that go with the launch.
func (t together) made() []string {
	var paths []string
	for _, g := range t {
		if !g.ceiling {
			paths = append(paths, g.path)
		}
	}
	return paths
}

// check shows that a process is in the groups, and what their limits are.
func (t together) check(pid int) []stage.Check {
	var checks []stage.Check
	for _, g := range t {
		checks = append(checks, g.check(pid)...)
	}
	return checks
}

// of is the group in which a controller's bound holds, nil without one.
func (t together) of(c *controller) *cgroup {
	for _, g := range t {
		if g.controller == c {
			return g
		}
	}
	return nil
}

// memoryPoll is how often the group is asked, which costs microseconds.
const memoryPoll = 50 * time.Millisecond

// watch ends the sandbox once the kernel has ended a process of it for its memory. Version 1
// ends one process only, and a guest that lost one of the sentry's can hang.
func (t together) watch(kill func()) (stop func()) {
	g := t.of(&memoryController)
	if g == nil {
		return func() {}
	}
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(memoryPoll)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
				if g.reached() {
					kill()
					return
				}
			}
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// blame adds to a refusal that the sandbox itself had too little.
func (t together) blame(err error) error {
	var r *Refusal
	if !errors.As(err, &r) {
		return err
	}
	for _, g := range t {
		if g.reached() {
			r.Failed = append(r.Failed, fmt.Sprintf("%s reached by the sandbox itself%s", g.limitText(), where(g.at)))
		}
	}
	return err
}

func (t together) remove() {
	for _, g := range t {
		g.remove()
	}
}
