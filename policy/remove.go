package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// removal takes one inherited entry out.
type removal struct {
	// clause is the list, for example "filesystem.read"; of tables without lists it is
	// the table.
	clause string
	// entry is the path, name or pattern.
	entry string
	at    Position
}

// removableLists are the lists that remove can name, by table. In [rlimits] and
// [process] every key is an entry of its own.
var removableLists = map[string][]string{
	"network":      {"egress", "private"},
	"filesystem":   {"read", "exec", "map", "write", "tmp", "hide", "absent", "links"},
	"capabilities": {"keep"},
	"syscalls":     {"allow", "deny", "rule"},
	"environment":  {"pass", "set"},
}

// removals reads the remove key of a table.
func (b *builder) removals(t table) {
	m, ok := t.node.member("remove")
	if !ok {
		return
	}
	lists, listed := removableLists[t.name]
	if !listed {
		what := t.dotted("remove")
		keys := without(keysOf[t.name], "remove", "sealed")
		for _, n := range b.elements(m.value, what, "an array of keys of ["+t.name+"]") {
			key, ok := b.text(n, "an entry of "+what, "a key of ["+t.name+"]")
			if !ok {
				continue
			}
			if !contains(keys, key) {
				d := b.add(n.at, "%s is no key of [%s]", quote(key), t.name)
				if near, ok := nearest(key, keys); ok {
					d.advise("did you mean %q?", near)
				} else {
					d.note("expected  one of %s", orList(keys))
				}
				continue
			}
			b.layer.removals = append(b.layer.removals, removal{t.name, key, b.at(n)})
		}
		return
	}
	what := t.dotted("remove")
	if m.value.kind != kindTable {
		b.wrongType(m.value, what, "a table of lists").advise(`remove = { %s = ["…"] }`, lists[0])
		return
	}
	for _, list := range m.value.members {
		if !contains(lists, list.name) {
			d := b.add(list.key, "%s is no list of [%s]", quote(list.name), t.name).note("expected  one of %s", orList(lists))
			if near, ok := nearest(list.name, lists); ok {
				d.advise("did you mean %s?", near)
			}
			continue
		}
		clause := t.dotted(list.name)
		for _, n := range b.elements(list.value, what+"."+list.name, "an array of entries of "+clause) {
			b.removal(n, clause)
		}
	}
}

func (b *builder) removal(n *node, clause string) {
	text, ok := b.text(n, "an entry to remove from "+clause, "an entry of "+clause, ParameterLabel, ParameterHost)
	if !ok {
		return
	}
	// In the spelling under which the entry is kept.
	switch clause {
	case ClauseNetworkEgress:
		if entry, _, err := egressEntry(text); err == nil {
			text = entry.String()
		}
	case ClauseCapabilitiesKeep:
		text, _ = capabilityName(text)
	}
	b.layer.removals = append(b.layer.removals, removal{clause, text, b.at(n)})
}

// remove takes entries out of p, all at once, and reports those that are not there.
func (p *Policy) remove(removals []removal, r *reports, sound bool) {
	present := map[string]map[string]bool{}
	gone := map[string]map[string]bool{}
	for _, rm := range removals {
		if present[rm.clause] == nil {
			present[rm.clause], gone[rm.clause] = map[string]bool{}, map[string]bool{}
			for _, entry := range p.removable(rm.clause) {
				present[rm.clause][entry] = true
			}
		}
		switch {
		case gone[rm.clause][rm.entry]:
			r.addAt(rm.at, "%s is removed twice from %s", quote(r.written(rm.at, rm.entry)), rm.clause)
		case present[rm.clause][rm.entry]:
			gone[rm.clause][rm.entry] = true
		case sound:
			rm.missing(p, r)
		}
	}
	for clause, entries := range gone {
		p.drop(clause, entries)
	}
}

// missing reports an entry that is not there to be removed.
func (rm removal) missing(p *Policy, r *reports) {
	shown := r.written(rm.at, rm.entry)
	if tableOf(rm.clause) == tableEnvironment {
		// What follows a "=" is a value: secretsOf hides it, and so must the message.
		shown, _, _ = strings.Cut(shown, "=")
	}
	d := r.addAt(rm.at, "%s is not there to be removed from %s", quote(shown), rm.clause)
	if !r.worthSaying() {
		return
	}
	for _, mode := range pathModes {
		other := FilesystemClause(mode)
		if other != rm.clause && len(rm.entry) > 0 && rm.entry[0] == '/' && contains(p.removable(other), rm.entry) {
			d.note("it is in %s", other)
			return
		}
	}
	entries := drop(p.removable(rm.clause), r.reveals)
	if len(entries) == 0 {
		d.note("no base has an entry there")
		return
	}
	if near, ok := nearest(rm.entry, entries); ok {
		d.advise("did you mean %s?", strconv.Quote(near))
		return
	}
	for _, entry := range entries {
		if strings.HasPrefix(rm.entry, entry+"/") {
			d.note("it lies in %s, which the bases name", strconv.Quote(entry)).
				advise("hide = [%s], which carves it out", strconv.Quote(rm.entry))
			return
		}
	}
	d.note("the bases have  %s", firstOf(entries, 12))
}

// removable gives the entries of a clause, in the spelling that remove names them.
func (p *Policy) removable(clause string) []string {
	var out []string
	switch clause {
	case ClauseNetworkEgress:
		for _, e := range p.Network.Egress {
			out = append(out, e.String())
		}
	case ClauseNetworkPrivate:
		for _, n := range p.Network.Private {
			out = append(out, n.Prefix.String())
		}
	case ClauseFilesystemLinks:
		for _, l := range p.Filesystem.Links {
			out = append(out, l.From)
		}
	case ClauseCapabilitiesKeep:
		for _, c := range p.Capabilities {
			out = append(out, c.Name)
		}
	case ClauseEnvironmentPass:
		for _, e := range p.Environment.Pass {
			out = append(out, e.Pattern)
		}
	case ClauseEnvironmentSet:
		for _, v := range p.Environment.Set {
			out = append(out, v.Name)
		}
	case ClauseSyscallsAllow:
		out = syscallNames(p.Syscalls.Allow)
	case ClauseSyscallsDeny:
		out = syscallNames(p.Syscalls.Deny)
	case ClauseSyscallsRule:
		for _, rule := range p.Syscalls.Rules {
			out = append(out, rule.Syscall)
		}
	case tableRlimits:
		for _, l := range p.Rlimits {
			out = append(out, l.Name)
		}
	case tableProcess:
		out = p.Process.stated()
	default:
		for _, e := range p.Filesystem.Entries {
			if FilesystemClause(e.Mode) == clause {
				out = append(out, e.Path)
			}
		}
	}
	return out
}

// drop takes entries out of one clause.
func (p *Policy) drop(clause string, gone map[string]bool) {
	switch clause {
	case ClauseNetworkEgress:
		p.Network.Egress = drop(p.Network.Egress, func(e EgressEntry) bool { return gone[e.String()] })
	case ClauseNetworkPrivate:
		p.Network.Private = drop(p.Network.Private, func(n PrivateNetwork) bool { return gone[n.Prefix.String()] })
	case ClauseFilesystemLinks:
		p.Filesystem.Links = drop(p.Filesystem.Links, func(l Link) bool { return gone[l.From] })
	case ClauseCapabilitiesKeep:
		p.Capabilities = drop(p.Capabilities, func(c Capability) bool { return gone[c.Name] })
	case ClauseEnvironmentPass:
		p.Environment.Pass = drop(p.Environment.Pass, func(e EnvironmentPattern) bool { return gone[e.Pattern] })
	case ClauseEnvironmentSet:
		p.Environment.Set = drop(p.Environment.Set, func(v EnvironmentVariable) bool { return gone[v.Name] })
	case ClauseSyscallsAllow:
		p.Syscalls.Allow = drop(p.Syscalls.Allow, func(e SyscallEntry) bool { return gone[e.Name] })
	case ClauseSyscallsDeny:
		p.Syscalls.Deny = drop(p.Syscalls.Deny, func(e SyscallEntry) bool { return gone[e.Name] })
	case ClauseSyscallsRule:
		p.Syscalls.Rules = drop(p.Syscalls.Rules, func(r SyscallRule) bool { return gone[r.Syscall] })
	case tableRlimits:
		p.Rlimits = drop(p.Rlimits, func(l Rlimit) bool { return gone[l.Name] })
	case tableProcess:
		for entry := range gone {
			p.Process.unstate(entry)
		}
	default:
		p.Filesystem.Entries = drop(p.Filesystem.Entries, func(e PathEntry) bool { return FilesystemClause(e.Mode) == clause && gone[e.Path] })
	}
}

// drop gives the items that are not to be dropped, in a slice of its own.
func drop[T any](items []T, gone func(T) bool) []T {
	var kept []T
	for _, item := range items {
		if !gone(item) {
			kept = append(kept, item)
		}
	}
	return kept
}

// firstOf gives the first values of a list in quotes, and how many more there are.
func firstOf(values []string, most int) string {
	if len(values) <= most {
		return quotedList(values)
	}
	return fmt.Sprintf("%s and %d more", quotedList(values[:most]), len(values)-most)
}
