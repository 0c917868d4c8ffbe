package policy

import (
	"sort"
	"strings"
)

// layer is what one file states, and nothing that it leaves out: no default, and
// nothing of what it extends.
type layer struct {
	Policy
	removals []removal
	// seals are the tables with sealed = true, and where.
	seals map[string]Position
}

// build understands a document.
func (d *document) build(params parameters, whole bool) *layer {
	b := &builder{reporter: d.reporter, params: params, whole: whole, layer: &layer{seals: map[string]Position{}}}
	if d.root.members != nil || d.understood {
		b.document(d.root)
	}
	return b.layer
}

// merge puts what a layer states over what its bases gave.
func (p *Policy) merge(l *layer) {
	p.Name, p.Description = l.Name, l.Description
	if !l.Network.At.IsZero() {
		p.Network.Mode, p.Network.At = l.Network.Mode, l.Network.At
	}
	p.Network.mergeGateway(l.Network)
	p.Network.Egress = replace(p.Network.Egress, l.Network.Egress, EgressEntry.String)
	p.Network.Private = replace(p.Network.Private, l.Network.Private, func(n PrivateNetwork) string { return n.Prefix.String() })

	fs := &p.Filesystem
	for _, e := range l.Filesystem.Entries {
		if was, ok := fs.Entry(e.Path); ok && was.Path == e.Path && !was.Mode.Visible() {
			if p.replaced == nil {
				p.replaced = map[string]PathEntry{}
			}
			p.replaced[e.Path] = was
		}
	}
	fs.Entries = replace(fs.Entries, l.Filesystem.Entries, func(e PathEntry) string { return e.Path })
	fs.Links = replace(fs.Links, l.Filesystem.Links, func(link Link) string { return link.From })
	if !l.Filesystem.ProcAt.IsZero() {
		fs.Proc, fs.ProcAt = l.Filesystem.Proc, l.Filesystem.ProcAt
	}
	if !l.Filesystem.DevAt.IsZero() {
		fs.Dev, fs.DevAt = l.Filesystem.Dev, l.Filesystem.DevAt
	}

	p.Rlimits = replace(p.Rlimits, l.Rlimits, func(r Rlimit) string { return r.Name })
	p.Capabilities = replace(p.Capabilities, l.Capabilities, func(c Capability) string { return c.Name })
	p.mergeSyscalls(l.Syscalls)
	p.mergeEnvironment(l.Environment)
	p.Process.merge(l.Process)
	p.Accept = replace(p.Accept, l.Accept, func(a Accept) string { return a.Backend + " " + a.Clause })
}

// mergeEnvironment lets a variable that is set replace one of that name that is
// passed, and the other way round.
func (p *Policy) mergeEnvironment(over Environment) {
	env := &p.Environment
	name := func(v EnvironmentVariable) string { return v.Name }
	pattern := func(e EnvironmentPattern) string { return e.Pattern }
	set, passed := map[string]bool{}, map[string]bool{}
	for _, v := range over.Set {
		set[v.Name] = true
	}
	for _, e := range over.Pass {
		passed[e.Pattern] = true
	}
	env.Pass = drop(env.Pass, func(e EnvironmentPattern) bool { return set[e.Pattern] })
	env.Set = drop(env.Set, func(v EnvironmentVariable) bool { return passed[v.Name] })
	env.Pass = replace(env.Pass, over.Pass, pattern)
	env.Set = replace(env.Set, over.Set, name)
}

func (p *Process) merge(over Process) {
	if over.User != "" {
		p.User, p.UserAt = over.User, over.UserAt
	}
	if over.Directory != "" {
		p.Directory, p.DirectoryAt = over.Directory, over.DirectoryAt
	}
	if over.WallTime != 0 {
		p.WallTime, p.WallTimeAt = over.WallTime, over.WallTimeAt
	}
	if over.Memory != 0 {
		p.Memory, p.MemoryAt = over.Memory, over.MemoryAt
	}
	if over.Pids != 0 {
		p.Pids, p.PidsAt = over.Pids, over.PidsAt
	}
}

// stated gives the keys of [process] that have a value.
func (p Process) stated() []string {
	var keys []string
	for _, key := range []struct {
		name string
		at   Position
	}{{"user", p.UserAt}, {"directory", p.DirectoryAt}, {"wall_time", p.WallTimeAt}, {"memory", p.MemoryAt}, {"pids", p.PidsAt}} {
		if !key.at.IsZero() {
			keys = append(keys, key.name)
		}
	}
	return keys
}

// unstate takes the value of one key away.
func (p *Process) unstate(key string) {
	switch key {
	case "user":
		p.User, p.UserAt = "", Position{}
	case "directory":
		p.Directory, p.DirectoryAt = "", Position{}
	case "wall_time":
		p.WallTime, p.WallTimeAt = 0, Position{}
	case "memory":
		p.Memory, p.MemoryAt = 0, Position{}
	case "pids":
		p.Pids, p.PidsAt = 0, Position{}
	}
}

// replace unites two lists, sorted by key; where both have a key, over has it.
func replace[T any](base, over []T, key func(T) string) []T {
	if len(over) == 0 {
		return base
	}
	type keyed struct {
		key  string
		item T
	}
	var all []keyed
	taken := map[string]bool{}
	for _, list := range [][]T{over, base} {
		for _, item := range list {
			if k := key(item); !taken[k] {
				taken[k] = true
				all = append(all, keyed{k, item})
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].key < all[j].key })
	out := make([]T, len(all))
	for i := range all {
		out[i] = all[i].item
	}
	return out
}

// tableOf gives the table that a clause belongs to.
func tableOf(clause string) string {
	table, _, _ := strings.Cut(clause, ".")
	return table
}
