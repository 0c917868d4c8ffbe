package policy

import (
	"net/netip"
	"path"

	"confine/policy/syscalls"
)

// flatten makes one policy of files, every base before what extends it, and
// checks what only the whole can tell. sound says that nothing is missing.
func flatten(chain []*document, r *reports, sound bool) *Policy {
	p := &Policy{
		Network:    Network{Mode: NetworkNone},
		Filesystem: Filesystem{Proc: ProcNone, Dev: DevNone},
		Syscalls:   Syscalls{Base: SyscallsConnector, OnDeny: syscalls.DenyErrno},
	}
	rank := map[string]int{}
	for i, d := range chain {
		rank[d.source.File] = i
	}
	for _, d := range chain {
		p.remove(d.layer.removals, r, sound)
		p.merge(d.layer)
	}
	p.settleSyscalls(rank)
	p.settleGateway(r, rank)
	p.checkLinks(r)
	p.checkAliases(r)
	p.checkAddresses(r)
	p.checkExpanded(r)
	p.checkSyscalls(r, sound)
	if sound && len(r.found) == 0 {
		// After an error the answer could be a false alarm.
		p.checkDirectory(r)
	}
	return p
}

// checkLinks makes sure that links name real paths too. So one step resolves a
// path component, resolution always ends, and no link leads to itself.
func (p *Policy) checkLinks(r *reports) {
	fs := &p.Filesystem
	for _, link := range fs.Links {
		if below(link.To, link.From) {
			r.addAt(link.toAt, "the link %s leads into itself", quote(link.From))
		} else if to, through, aliased := fs.resolveOnce(link.To); aliased {
			r.aliased(link.toAt, link.To, to, through)
		}
		if to, through, aliased := fs.resolveOnce(path.Dir(link.From)); aliased {
			r.aliased(link.At, link.From, path.Join(to, path.Base(link.From)), through)
		}
	}
}

// checkExpanded reports values of parameters that lead a path into what is hidden or
// absent: whoever gives the value must not open what the policy closed.
func (p *Policy) checkExpanded(r *reports) {
	for _, e := range p.Filesystem.Entries {
		if !e.Mode.Visible() || r.written(e.At, e.Path) == e.Path {
			continue
		}
		closed, ok := p.Filesystem.Entry(path.Dir(e.Path))
		if replaced, was := p.replaced[e.Path]; was {
			closed, ok = replaced, true
		}
		if ok && !closed.Mode.Visible() {
			r.addAt(e.At, "a parameter's value leads %s into %s", quote(r.written(e.At, e.Path)), FilesystemClause(closed.Mode)).
				note("closed at %s", closed.At).
				note("expected  a pattern of the parameter that does not match it")
		}
	}
}

// checkAliases reports the paths that go through a link.
func (p *Policy) checkAliases(r *reports) {
	fs := &p.Filesystem
	for _, e := range fs.Entries {
		if to, link, aliased := fs.resolveOnce(e.Path); aliased {
			if e.Optional {
				to += "?"
			}
			r.aliased(e.At, e.Path, to, link)
		}
	}
	if p.Process.Directory != "" {
		if to, link, aliased := fs.resolveOnce(p.Process.Directory); aliased {
			r.aliased(p.Process.DirectoryAt, p.Process.Directory, to, link)
		}
	}
}

func (r *reports) aliased(at Position, from, to string, link Link) {
	target := r.written(link.toAt, link.To)
	d := r.addAt(at, "%s goes through the symbolic link %s", quote(r.written(at, from)), quote(link.From)).
		note("expected  a real path").
		note("%s leads to %s: %s", link.From, target, link.At)
	if r.written(at, from) == from && target == link.To {
		d.advise("write %s", quote(to))
	}
}

// checkAddresses reports the addresses in egress that nothing could connect to.
func (p *Policy) checkAddresses(r *reports) {
	private := newAddressSet(p.Network.Private)
	for _, e := range p.Network.Egress {
		ip, ok := e.Address()
		if !ok {
			continue
		}
		special, ok := specialRangeOf(ip)
		if !ok || special.closed == "" && private.holds(netip.PrefixFrom(ip, ip.BitLen())) {
			continue
		}
		d := r.addAt(e.At, "%s is a special address: %s", ip, special.what)
		if special.closed != "" {
			d.note("%s", special.closed).note("network.private cannot hold it")
			if inside := carried(ip); inside != ip && worthNaming(inside) {
				d.advise("write %q", joinHostPort(inside.String(), e.Port))
			}
			continue
		}
		d.note("network.private does not hold it")
		switch {
		case ip.IsLoopback():
			d.note("inside of a sandbox it is the sandbox itself")
		case ip.IsLinkLocalUnicast():
			d.note("who reaches a metadata service has the credentials of the machine")
		default:
			d.advise("private = [%q]", netip.PrefixFrom(ip, ip.BitLen()))
		}
	}
}

// checkDirectory makes sure that the program may open its working directory.
func (p *Policy) checkDirectory(r *reports) {
	dir := p.Process.Directory
	if dir == "" {
		return
	}
	d := p.Decide(Access{Kind: AccessRead, Target: dir})
	if d.Allowed {
		return
	}
	report := r.addAt(p.Process.DirectoryAt, "working directory %s cannot be opened under this policy",
		quote(r.written(p.Process.DirectoryAt, dir)))
	if !r.reveals(d.Because) {
		report.note("%s", d.Because)
	}
	if !d.At.IsZero() {
		report.note("decided by %s", d.At)
	}
	report.advise("name it in [filesystem] read or write")
}
