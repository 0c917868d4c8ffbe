package syscalls

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Base is a named list of system calls that policies build upon.
type Base struct {
	Name    string
	Purpose string
	// Groups are the calls that are allowed.
	Groups []Group
	// Guards are the calls that are answered by their arguments, or by an error of
	// their own.
	Guards []Guard
	// LeftOut are calls that a reader may miss, with the reason; it has no effect.
	LeftOut []Group
	// Open says that every call is allowed and that there is no filter.
	Open bool
}

// A Group is calls with one reason. It may name calls that not
// every architecture has.
type Group struct {
	Name     string
	Reason   string
	Syscalls []string
}

// A Guard is the cases of one call, as in a [Rule].
type Guard struct {
	Syscall   string
	Reason    string
	Cases     []Case
	Otherwise Action
}

// Bases returns the base lists in the order of their names.
func Bases() []Base {
	return []Base{connectorBase(), defaultBase(), unrestrictedBase()}
}

// bases are those of [Bases], made once. Nobody writes to them.
var bases = sync.OnceValue(Bases)

// baseNamed returns a base list, or an error that says which there are.
func baseNamed(name string) (Base, error) {
	var names []string
	for _, candidate := range bases() {
		if candidate.Name == name {
			return candidate, nil
		}
		names = append(names, candidate.Name)
	}
	return Base{}, fmt.Errorf("syscalls: no base list %q; there is %s", name, strings.Join(names, ", "))
}

// rule returns what b says of a call, and whether it names the call at all.
func (b Base) rule(name string) (Rule, bool) {
	if b.Open {
		return Rule{Name: name, Otherwise: Allow, Reason: b.Purpose}, true
	}
	for _, guard := range b.Guards {
		if guard.Syscall == name {
			return Rule{Name: name, Cases: guard.Cases, Otherwise: guard.Otherwise, Reason: guard.Reason}, true
		}
	}
	for _, group := range b.Groups {
		if slices.Contains(group.Syscalls, name) {
			return Rule{Name: name, Otherwise: Allow, Reason: group.Reason}, true
		}
	}
	return Rule{}, false
}
