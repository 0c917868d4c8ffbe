//go:build linux

package runner

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"confine/policy"
)

// resolverFile is where the C libraries look for name servers, see resolv.conf(5).
const resolverFile = "/etc/resolv.conf"

// nameServers are those of the caller's resolv.conf(5).
func nameServers() []netip.Addr {
	text, err := os.ReadFile(resolverFile)
	if err != nil {
		return nil
	}
	var servers []netip.Addr
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if ip, err := netip.ParseAddr(fields[1]); err == nil {
			servers = append(servers, ip)
		}
	}
	return servers
}

// followResolverFile gives the policy for a host on which resolv.conf is a link
// into /run, as systemd-resolved makes it: the entry then means the file that the
// link leads to, and the link is one of the policy's. Every other path of a policy
// has to be a real one; this one differs from host to host by design.
func followResolverFile(p *policy.Policy, id Identity) (*policy.Policy, error) {
	i := slices.IndexFunc(p.Filesystem.Entries, func(e policy.PathEntry) bool { return e.Path == resolverFile })
	if i < 0 || p.Filesystem.Entries[i].Mode != policy.ModeRead {
		return p, nil
	}
	target, err := filepath.EvalSymlinks(resolverFile)
	if err != nil || target == resolverFile || !strings.HasPrefix(target, "/run/") {
		return p, nil
	}
	info, err := os.Stat(target)
	if err != nil || !info.Mode().IsRegular() {
		return p, nil
	}
	if err := checkTrust("the list of name servers", resolverFile, id); err != nil {
		return nil, err
	}
	followed := *p
	entry := p.Filesystem.Entries[i]
	entry.Path = target
	followed.Filesystem.Entries = append(slices.Delete(slices.Clone(p.Filesystem.Entries), i, i+1), entry)
	sort.Slice(followed.Filesystem.Entries, func(i, j int) bool {
		return followed.Filesystem.Entries[i].Path < followed.Filesystem.Entries[j].Path
	})
	followed.Filesystem.Links = append(slices.Clone(p.Filesystem.Links),
		policy.Link{From: resolverFile, To: target, At: entry.At})
	sort.Slice(followed.Filesystem.Links, func(i, j int) bool {
		return followed.Filesystem.Links[i].From < followed.Filesystem.Links[j].From
	})
	return &followed, nil
}
