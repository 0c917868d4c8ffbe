package guestseccomp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"confine/policy/syscalls"
)

// A Loss is an answer that runsc does not give, and the calls that may get another one
// instead. They are denied all the same: a program that ignores SIGSYS goes on with the
// number of the call for a result.
type Loss struct {
	Answer syscalls.Action
	// Syscalls are in the order of their names.
	Syscalls []string
	// Unnamed says that the numbers without a name are among the calls.
	Unnamed bool
}

// Losses are all of a filter: first the errors, in the order of their numbers.
type Losses []Loss

// Weaker reports whether a program may go on that the filter ends. A loss that is not
// weaker is another error for a call that fails anyway.
func (l Loss) Weaker() bool { return l.Answer == syscalls.KillProcess }

// mostNamed is how many calls the text of a loss names.
const mostNamed = 12

// String is one line.
func (l Loss) String() string {
	calls := slices.Clone(l.Syscalls)
	if len(calls) > mostNamed+1 {
		calls = append(calls[:mostNamed], fmt.Sprintf("%d others", len(calls)-mostNamed))
	}
	if l.Unnamed {
		calls = append(calls, "numbers without a name")
	}
	text := fmt.Sprintf("EPERM instead of %s", l.Answer)
	if l.Weaker() {
		text = "SIGSYS, which a program can catch, block or ignore, instead of the end of the process"
	}
	return text + ": " + strings.Join(calls, ", ")
}

// losses are the answers of f that become others.
func (l lowering) losses(f syscalls.Filter) Losses {
	lost := map[syscalls.Action]Loss{}
	if !l.exact(f.Unknown) {
		lost[f.Unknown] = Loss{Answer: f.Unknown, Unnamed: true}
	}
	for name := range f.Arch.Calls() {
		for answer := range answers(ruleOf(f, name)) {
			if !l.exact(answer) {
				loss := lost[answer]
				loss.Answer, loss.Syscalls = answer, append(loss.Syscalls, name)
				lost[answer] = loss
			}
		}
	}
	var all Losses
	for _, answer := range slices.Sorted(maps.Keys(lost)) {
		slices.Sort(lost[answer].Syscalls)
		all = append(all, lost[answer])
	}
	return all
}

// exact reports whether runsc gives the answer itself.
func (l lowering) exact(answer syscalls.Action) bool {
	return answer == syscalls.Allow || answer == syscalls.Fail(syscalls.EPERM) ||
		answer == syscalls.Fail(syscalls.ENOSYS) && l.untraced
}
