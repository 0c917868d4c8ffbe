package policy

import (
	"slices"
	"strings"

	"confine/policy/syscalls"
)

// omission is how one entry is taken out of a policy.
type omission struct {
	Entry
	// concerns reports whether an answer can change: a necessary condition, which spares
	// the others.
	concerns func(answer) bool
	// changes are edits of a copy of the policy. Each takes the entry out; there are
	// several where something has to stand in its place.
	changes []func(*Policy)
}

// omissions gives how to take out every entry of the policy that an access can show.
func (p *Policy) omissions() []omission {
	var out []omission
	for _, list := range [][]omission{
		p.fileOmissions(), p.networkOmissions(), p.privateOmissions(), p.limitOmissions(), p.syscallOmissions(), p.environmentOmissions(),
	} {
		// What no file states is not an entry.
		out = append(out, slices.DeleteFunc(list, func(o omission) bool { return o.At.IsZero() })...)
	}
	return out
}

// deciding is an omission of an entry that changes no answer but those that it decides.
func deciding(e Entry, change func(*Policy)) omission {
	return omission{e, func(a answer) bool { return a.At == e.At }, []func(*Policy){change}}
}

// less gives a copy of a list that lacks one item.
func less[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }

func (p *Policy) fileOmissions() []omission {
	fs := &p.Filesystem
	var out []omission
	for i, e := range fs.Entries {
		subject := p.Written(e.At, e.Path)
		if e.Optional {
			subject = strings.TrimSuffix(subject, "?")
		}
		out = append(out, deciding(Entry{FilesystemClause(e.Mode), subject, e.At}, func(q *Policy) {
			q.Filesystem.Entries = less(q.Filesystem.Entries, i)
		}))
	}
	for i, l := range fs.Links {
		out = append(out, omission{
			Entry{ClauseFilesystemLinks, p.Written(l.At, l.From), l.At},
			func(a answer) bool { return slices.Contains(a.links, l.At) },
			[]func(*Policy){func(q *Policy) { q.Filesystem.Links = less(q.Filesystem.Links, i) }},
		})
	}
	proc, dev := ProcNone, DevNone
	if fs.Proc == ProcNone {
		proc = ProcSelf
	}
	if fs.Dev == DevNone {
		dev = DevMinimal
	}
	file := func(a answer) bool { return a.access.ofFile() }
	return append(
		out,
		omission{Entry{ClauseFilesystemProc, string(fs.Proc), fs.ProcAt}, file, []func(*Policy){func(q *Policy) { q.Filesystem.Proc = proc }}},
		omission{Entry{ClauseFilesystemDev, string(fs.Dev), fs.DevAt}, file, []func(*Policy){func(q *Policy) { q.Filesystem.Dev = dev }}},
	)
}

// ofNetwork reports whether [network] decided.
func (a answer) ofNetwork() bool {
	return a.access.Kind == AccessConnect || a.access.Kind == AccessResolve
}

func (p *Policy) networkOmissions() []omission {
	mode := NetworkNone
	if p.Network.Mode == NetworkNone {
		mode = NetworkHost
	}
	out := []omission{{
		Entry{ClauseNetworkMode, string(p.Network.Mode), p.Network.At},
		answer.ofNetwork,
		[]func(*Policy){func(q *Policy) { q.Network.Mode = mode }},
	}}
	for i, e := range p.Network.Egress {
		out = append(out, deciding(Entry{ClauseNetworkEgress, p.Written(e.At, e.String()), e.At}, func(q *Policy) {
			q.Network.Egress = less(q.Network.Egress, i)
		}))
	}
	return out
}

// privateOmissions take the addresses of egress along that nothing could connect to
// without the network.
func (p *Policy) privateOmissions() []omission {
	var out []omission
	for i, n := range p.Network.Private {
		holds := func(e EgressEntry) bool {
			ip, ok := e.Address()
			return ok && n.Prefix.Contains(ip)
		}
		if !slices.ContainsFunc(p.Network.Egress, holds) {
			continue
		}
		out = append(out, omission{
			Entry{ClauseNetworkPrivate, p.Written(n.At, n.Prefix.String()), n.At},
			answer.ofNetwork,
			[]func(*Policy){func(q *Policy) {
				q.Network.Private = less(q.Network.Private, i)
				q.Network.Egress = drop(q.Network.Egress, func(e EgressEntry) bool {
					ip, ok := e.Address()
					if !ok {
						return false
					}
					_, refused := q.Network.Refuses(ip)
					return refused
				})
			}},
		})
	}
	return out
}

func (p *Policy) limitOmissions() []omission {
	var out []omission
	for i, l := range p.Rlimits {
		out = append(out, deciding(Entry{RlimitClause(l.Name), rlimitText(l.Name, l.Value), l.At}, func(q *Policy) {
			q.Rlimits = less(q.Rlimits, i)
		}))
	}
	for i, c := range p.Capabilities {
		out = append(out, deciding(Entry{ClauseCapabilitiesKeep, c.Name, c.At}, func(q *Policy) {
			q.Capabilities = less(q.Capabilities, i)
		}))
	}
	return out
}

func (p *Policy) environmentOmissions() []omission {
	var out []omission
	for i, e := range p.Environment.Pass {
		out = append(out, deciding(Entry{ClauseEnvironmentPass, e.Pattern, e.At}, func(q *Policy) {
			q.Environment.Pass = less(q.Environment.Pass, i)
		}))
	}
	for i, v := range p.Environment.Set {
		out = append(out, deciding(Entry{ClauseEnvironmentSet, v.Name, v.At}, func(q *Policy) {
			q.Environment.Set = less(q.Environment.Set, i)
		}))
	}
	return out
}

func (p *Policy) syscallOmissions() []omission {
	s := &p.Syscalls
	// Several entries can have a part in the answer about a call: allow, and its rules.
	call := func(name string) func(answer) bool {
		return func(a answer) bool { return a.access.Kind == AccessSyscall && a.access.Target == name }
	}
	out := []omission{{
		Entry{ClauseSyscallsBase, s.Base, s.At},
		func(a answer) bool { return a.access.Kind == AccessSyscall },
		otherBases(s.Base),
	}}
	for i, e := range s.Allow {
		out = append(out, omission{Entry{ClauseSyscallsAllow, e.Name, e.At}, call(e.Name), []func(*Policy){func(q *Policy) {
			q.Syscalls.Allow = less(q.Syscalls.Allow, i)
		}}})
	}
	for i, e := range s.Deny {
		out = append(out, omission{Entry{ClauseSyscallsDeny, e.Name, e.At}, call(e.Name), []func(*Policy){func(q *Policy) {
			q.Syscalls.Deny = less(q.Syscalls.Deny, i)
		}}})
	}
	for i, r := range s.Rules {
		subject := clip(strings.Join(strings.Split(ruleText(r), "\n"), " "), 200)
		out = append(out, omission{Entry{ClauseSyscallsRule, subject, r.At}, call(r.Syscall), []func(*Policy){func(q *Policy) {
			q.Syscalls.Rules = less(q.Syscalls.Rules, i)
		}}})
	}
	return out
}

// otherBases puts each of the other base lists that are filters in the place of one.
func otherBases(name string) []func(*Policy) {
	var out []func(*Policy)
	for _, b := range syscalls.Bases() {
		if b.Name != name && !b.Open {
			out = append(out, func(q *Policy) { q.Syscalls.Base = b.Name })
		}
	}
	return out
}
