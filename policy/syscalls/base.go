package syscalls

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
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
}

// A Group is calls that are allowed for one reason. It may name calls that not
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
	return []Base{connectorBase()}
}

// BaseFilter returns the filter of the base list on arch. A call that arch does
// not have is left out: the base names it for the others. The errors are a list
// that does not exist and an architecture that there are no filters for.
func BaseFilter(arch Arch, base string) (Filter, error) {
	if !slices.Contains(Arches(), arch) {
		return Filter{}, fmt.Errorf("syscalls: no filters for %s", arch)
	}
	var names []string
	for _, candidate := range Bases() {
		if candidate.Name == base {
			return candidate.filter(arch)
		}
		names = append(names, candidate.Name)
	}
	return Filter{}, fmt.Errorf("syscalls: no base list %q; there is %s", base, strings.Join(names, ", "))
}

// filter gives every call of b its rule. What b does not name gets EPERM, as a
// kernel gives it to those without the privilege. Three answers are not b's to
// choose:
//
//   - A number without a name gets ENOSYS: that is what the kernels that b was
//     written for answer, and what C libraries take as the sign to use an older
//     call. EPERM would break programs on every new kernel.
//   - So do the x32 calls of x86_64. Kernels without x32, which most are, answer
//     ENOSYS themselves; on the others it is as safe as a kill. And the numbers
//     include -1, which tracers put in place of a call to skip it.
//   - Other architectures end the process: a program that makes their calls has
//     no way back to native ones, and their numbers would bypass every rule.
func (b Base) filter(arch Arch) (Filter, error) {
	filter := Filter{Arch: arch, Default: Fail(EPERM), Unknown: Fail(ENOSYS), Foreign: KillProcess}
	add := func(rule Rule) error {
		number, err := arch.Number(rule.Name)
		if elsewhere := (*OtherArchError)(nil); errors.As(err, &elsewhere) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("syscalls: base list %s: %w", b.Name, err)
		}
		rule.Number = number
		filter.Rules = append(filter.Rules, rule)
		return nil
	}
	for _, group := range b.Groups {
		for _, name := range group.Syscalls {
			if err := add(Rule{Name: name, Otherwise: Allow, Reason: group.Reason}); err != nil {
				return Filter{}, err
			}
		}
	}
	for _, guard := range b.Guards {
		rule := Rule{Name: guard.Syscall, Cases: guard.Cases, Otherwise: guard.Otherwise, Reason: guard.Reason}
		if err := add(rule); err != nil {
			return Filter{}, err
		}
	}
	slices.SortFunc(filter.Rules, func(x, y Rule) int { return cmp.Compare(x.Number, y.Number) })
	return filter, filter.Check()
}
