package lint

import (
	"path"
	"slices"
	"strings"
	"time"

	"confine/policy"
)

// Subject is one policy as the rules see it.
type Subject struct {
	// Policy is the whole, with everything that it extends; a parameter without a value
	// stands in it as ${NAME}.
	Policy *policy.Policy
	// embedded says that it is one of those that ship with confine.
	embedded bool
	// Inherited is what the bases say without the policy, or nil where it extends nothing.
	Inherited *policy.Policy
	// Tests are the cases beside the policy, or nil; tested says that there are some, valid or not.
	Tests  *policy.Tests
	tested bool
	// Today is the day on which the policy is looked at.
	Today time.Time
	// Enforcement is what each backend makes of the policy; empty where nobody was asked.
	Enforcement []Enforcement
	// Unenforced says why the backends could not be asked, or is empty.
	Unenforced string

	// suppressions are those of the bases that were looked into, by file.
	suppressions map[string][]*Suppression
	// resolve gives the policy with values of its parameters.
	resolve func(params map[string]string) (*policy.Policy, error)
}

// own reports whether the policy's own file states what stands at a position.
func (s *Subject) own(at policy.Position) bool { return !at.IsZero() && at.File == s.Policy.File }

// name is the policy's name and the place of what concerns all of it.
func (s *Subject) name() policy.Position { return s.Policy.NameAt() }

// allows reports whether the policy allows an access, which has to be a valid one.
func (s *Subject) allows(access string) bool {
	a, err := policy.ParseAccess(access)
	return err == nil && s.Policy.Decide(a).Allowed
}

// maybe reports whether the policy allows a call for some arguments or for all.
func (s *Subject) maybe(syscall string) (at policy.Position, ok bool) {
	d := s.Policy.Decide(policy.Access{Kind: policy.AccessSyscall, Target: syscall})
	return d.At, d.Allowed || d.Conditional
}

// entries gives the entries of [filesystem] that have one of these modes.
func (s *Subject) entries(modes ...policy.PathMode) []policy.PathEntry {
	var out []policy.PathEntry
	for _, e := range s.Policy.Filesystem.Entries {
		for _, mode := range modes {
			if e.Mode == mode {
				out = append(out, e)
			}
		}
	}
	return out
}

// entryAt gives the entry of [filesystem] that stands at a position.
func (s *Subject) entryAt(at policy.Position) (policy.PathEntry, bool) {
	i := slices.IndexFunc(s.Policy.Filesystem.Entries, func(e policy.PathEntry) bool { return e.At == at })
	if i < 0 {
		return policy.PathEntry{}, false
	}
	return s.Policy.Filesystem.Entries[i], true
}

// rlimit gives a limit of the policy; ok is false where it is inherited from the caller.
func (s *Subject) rlimit(name string) (limit policy.Rlimit, ok bool) {
	for _, l := range s.Policy.Rlimits {
		if l.Name == name {
			return l, true
		}
	}
	return policy.Rlimit{}, false
}

// within reports whether a path is dir or lies under it. Both are clean.
func within(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

// stem is what a policy's file is called without its directory and its ending.
func stem(file string) string {
	return strings.TrimSuffix(path.Base(strings.ReplaceAll(file, `\`, "/")), ".toml")
}

// Enforcement is what one backend makes of a policy.
type Enforcement struct {
	// Backend and Version name the target, for example "firejail" and "0.9.72".
	Backend, Version string
	// Refusals are why it does not take the policy; empty is that it does.
	Refusals []Refusal
	// Unused are exceptions for it that it does not need.
	Unused []policy.Accept
	// Elsewhere are the refusals of other releases of it.
	Elsewhere []ReleaseRefusal
}

// ReleaseRefusal is a refusal that only some releases of a backend have.
type ReleaseRefusal struct {
	Refusal
	// Versions names them, for example "0.9.74 to 0.9.81".
	Versions string
}

// Refusal is one reason for which a backend does not take a policy.
type Refusal struct {
	Clause, Message string
	Found, Expected string
	Hint            string
	At              policy.Position
}

// Coverage asks all backends about a policy whose parameters have values.
type Coverage func(p *policy.Policy) []Enforcement
