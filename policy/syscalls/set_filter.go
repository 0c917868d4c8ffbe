package syscalls

import (
	"fmt"
	"slices"
)

// Filter returns what a kernel of arch answers to every call under s. A call that
// arch does not have is left out: s names it for the others. What nothing allows
// gets EPERM, as a kernel gives it to those without the privilege, or ends the
// process. Three answers are not the policy's to choose:
//
//   - A number without a name gets ENOSYS: that is what the kernels that the tables
//     were written for answer, and what C libraries take as the sign to use an older
//     call. EPERM would break programs on every new kernel.
//   - So do the x32 calls of x86_64. Kernels without x32, which most are, answer
//     ENOSYS themselves; on the others it is as safe as a kill. And the numbers
//     include -1, which tracers put in place of a call to skip it.
//   - Other architectures end the process: a program that makes their calls has
//     no way back to native ones, and their numbers would bypass every rule.
//
// The errors are an architecture that there are no filters for, those of
// [Set.Check], and [ErrNoFilter].
func (s Set) Filter(arch Arch) (Filter, error) {
	if !slices.Contains(Arches(), arch) {
		return Filter{}, fmt.Errorf("syscalls: no filters for %s", arch)
	}
	if err := s.Check(); err != nil {
		return Filter{}, err
	}
	base, err := baseNamed(s.Base)
	if err != nil {
		return Filter{}, err
	}
	if base.Open {
		return Filter{}, ErrNoFilter
	}
	filter := Filter{Arch: arch, Default: s.denial(Fail(EPERM)), Unknown: Fail(ENOSYS), Foreign: KillProcess}
	for name, number := range arch.Calls() {
		rule, named := s.rule(base, arch, name)
		if !named {
			continue
		}
		rule.Number = number
		filter.Rules = append(filter.Rules, rule)
	}
	return filter, filter.Check()
}

// denial is what is answered in place of an action that denies.
func (s Set) denial(a Action) Action {
	if s.OnDeny == DenyKill && a == Fail(EPERM) {
		return KillProcess
	}
	return a
}

// rule returns what is answered to a call, and whether that is not the default.
func (s Set) rule(base Base, arch Arch, name string) (Rule, bool) {
	rule, named := base.rule(name)
	switch {
	case name == Execve:
		return Rule{Name: name, Otherwise: Allow, Reason: "it starts the program itself"}, true
	case slices.Contains(s.Deny, name):
		// The error of a call that the base denies anyway is one to fall back from.
		if named && !rule.allowsSomething() {
			return rule, true
		}
		return Rule{Name: name, Otherwise: s.denial(Fail(EPERM)), Reason: "syscalls.deny names it"}, named
	case slices.Contains(s.Allow, name):
		rule, named = Rule{Name: name, Otherwise: Allow, Reason: "syscalls.allow names it"}, true
	}
	if !named {
		return Rule{}, false
	}
	narrowed := s.narrow(rule, arch)
	for i, c := range narrowed.Cases {
		narrowed.Cases[i].Then = s.denial(c.Then)
	}
	narrowed.Otherwise = s.denial(narrowed.Otherwise)
	return narrowed, true
}

func (r Rule) allowsSomething() bool {
	return r.Otherwise == Allow || slices.ContainsFunc(r.Cases, func(c Case) bool { return c.Then == Allow })
}

// narrow puts the rules of s for a call in the place of every Allow of r, which it
// leaves as it is.
func (s Set) narrow(r Rule, arch Arch) Rule {
	widths := argumentsOf(r.Name)
	var matches [][]Test
	for _, rule := range s.Rules {
		if rule.Syscall != r.Name {
			continue
		}
		var when []Test
		for _, condition := range rule.When {
			when = append(when, condition.tests(arch, widths[condition.Arg])...)
		}
		matches = append(matches, when)
	}
	narrowed := r
	narrowed.Cases = nil
	for _, c := range r.Cases {
		if c.Then != Allow || len(matches) == 0 {
			narrowed.Cases = append(narrowed.Cases, c)
			continue
		}
		for _, when := range matches {
			narrowed.Cases = append(narrowed.Cases, Case{When: slices.Concat(c.When, when), Then: Allow})
		}
		narrowed.Cases = append(narrowed.Cases, Case{When: c.When, Then: Fail(EPERM)})
	}
	if r.Otherwise == Allow && len(matches) > 0 {
		for _, when := range matches {
			narrowed.Cases = append(narrowed.Cases, Case{When: when, Then: Allow})
		}
		narrowed.Otherwise = Fail(EPERM)
	}
	return narrowed
}
