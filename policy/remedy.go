package policy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"confine/policy/syscalls"
)

// Remedy is an edit that makes a policy allow an access.
type Remedy struct {
	// Table is the table that the lines belong to, for example "filesystem". A list in
	// them is what to add to that of the policy.
	Table string   `json:"table"`
	Lines []string `json:"lines"`
	// Note says what the lines cannot, or is empty.
	Note string `json:"note,omitempty"`
}

// Remedy gives the edit that allows an access which p denies. ok is false where it is
// allowed, where that depends on what the access does not say, and where no edit
// allows it.
func (p *Policy) Remedy(a Access) (r Remedy, ok bool) {
	if d := p.Decide(a); d.Allowed || d.Conditional {
		return Remedy{}, false
	}
	switch a.Kind {
	case AccessRead, AccessWrite, AccessExec, AccessMap:
		return p.remedyPath(a)
	case AccessConnect, AccessResolve:
		return p.remedyNetwork(a)
	case AccessCapability:
		return Remedy{Table: tableCapabilities, Lines: []string{listLine("keep", a.Target)}}, true
	case AccessRlimit:
		kind, known := rlimitKindOf(a.Target)
		line := fmt.Sprintf("%s = %d", a.Target, a.Value)
		return Remedy{Table: tableRlimits, Lines: []string{line}}, known && kind.holds(a.Value)
	case AccessEnv:
		return Remedy{Table: tableEnvironment, Lines: []string{listLine("pass", a.Target)}}, true
	case AccessSyscall:
		return p.remedySyscall(a)
	}
	return Remedy{}, false
}

// listLine is a line with a list of strings.
func listLine(key string, items ...string) string {
	return key + " = [" + quotedList(items) + "]"
}

// remedyPath: /proc and /dev have switches, any other path can be named.
func (p *Policy) remedyPath(a Access) (Remedy, bool) {
	name := p.Filesystem.ResolveLinks(a.Target)
	if below(name, "/proc") || below(name, "/dev") {
		return p.remedySwitches(a)
	}
	r := Remedy{Table: tableFilesystem, Lines: []string{listLine(string(a.Kind), name)}}
	if e, found := p.Filesystem.Entry(name); found && e.Path == name {
		r.Note = fmt.Sprintf("instead of its entry in %s, at %s", e.Mode, e.At)
	}
	return r, true
}

// remedySwitches tries which of proc and dev it takes.
func (p *Policy) remedySwitches(a Access) (Remedy, bool) {
	for _, try := range []struct{ proc, dev bool }{{true, false}, {false, true}, {true, true}} {
		changed := *p
		r := Remedy{Table: tableFilesystem}
		if try.proc {
			changed.Filesystem.Proc = ProcSelf
			r.Lines = append(r.Lines, `proc = "self"`)
		}
		if try.dev {
			changed.Filesystem.Dev = DevMinimal
			r.Lines = append(r.Lines, `dev = "minimal"`)
		}
		if changed.Decide(a).Allowed {
			return r, true
		}
	}
	return Remedy{}, false
}

// remedyNetwork: no edit opens an address that network.private cannot hold.
func (p *Policy) remedyNetwork(a Access) (Remedy, bool) {
	r := Remedy{Table: tableNetwork}
	if p.Network.Mode != NetworkEgress {
		r.Lines = append(r.Lines, `mode = "egress"`)
	}
	port := a.Port
	if a.Kind == AccessResolve {
		port = 443 // a name can be looked up if any port can be connected to
	}
	r.Lines = append(r.Lines, listLine("egress", joinHostPort(a.Target, port)))
	if ip, err := netip.ParseAddr(a.Target); err == nil {
		special, found := specialRangeOf(ip)
		if special.closed != "" {
			return Remedy{}, false
		}
		if found && !newAddressSet(p.Network.Private).holds(netip.PrefixFrom(ip, ip.BitLen())) {
			r.Lines = append(r.Lines, listLine("private", netip.PrefixFrom(ip, ip.BitLen()).String()))
			r.Note = "this address is special: " + special.what
		}
	}
	return r, true
}

// remedySyscall undoes what denies a call: an entry of deny, rules that none of these
// arguments match, and a base list that does not have it.
func (p *Policy) remedySyscall(a Access) (Remedy, bool) {
	r := Remedy{Table: tableSyscalls, Lines: []string{}}
	left := *p
	if at := positionOf(p.Syscalls.Deny, a.Target); !at.IsZero() {
		left.Syscalls.Deny = drop(p.Syscalls.Deny, func(e SyscallEntry) bool { return e.Name == a.Target })
		if at.File == p.File {
			r.Note = fmt.Sprintf("after taking %q out of deny, at %s", a.Target, at)
		} else {
			r.Lines = append(r.Lines, fmt.Sprintf("remove = { deny = [%q] }", a.Target))
		}
		if d := left.Decide(a); d.Allowed || d.Conditional {
			return r, true
		}
	}
	rules := left.Syscalls.Rules
	left.Syscalls.Rules = nil
	if d := left.Decide(a); !d.Allowed {
		r.Lines = append(r.Lines, listLine("allow", a.Target))
		if len(p.rulesFor(a.Target)) == 0 {
			r.Note = strings.TrimPrefix(r.Note+"; whatever its arguments are", "; ")
		}
		left.Syscalls.Allow = append(left.Syscalls.Allow, SyscallEntry{Name: a.Target})
	}
	left.Syscalls.Rules = rules
	if left.Decide(a).Allowed {
		return r, true
	}
	var when []string
	for i, arg := range a.Args {
		if arg == "" {
			continue
		}
		text := fmt.Sprintf("arg%d == %s", i, arg)
		c, err := syscalls.ParseCondition(text)
		if err != nil || c.Check(a.Target) != nil {
			return Remedy{}, false // the kernel takes fewer bits than were given
		}
		when = append(when, text)
	}
	r.Lines = append(r.Lines, "[[syscalls.rule]]", "syscall = "+strconv.Quote(a.Target), listLine("when", when...))
	return r, len(when) > 0
}
