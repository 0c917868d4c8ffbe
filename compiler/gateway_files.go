package compiler

import (
	"fmt"
	"slices"

	"confine/policy"
)

// The files by which C libraries look names up: resolv.conf(5) and hosts(5).
const (
	ResolverFile = "/etc/resolv.conf"
	HostsFile    = "/etc/hosts"
)

// GatewayFile is a file that a sandbox with a gateway shows in place of the host's.
type GatewayFile struct {
	// Path is that of an entry of the policy.
	Path string
	Text string
}

// Files are those that the policy names of [ResolverFile] and [HostsFile]. The host's
// own would lead to name servers, and for names to addresses, that cannot be reached from
// inside. hostname is what the sandbox is called.
func (g *Gateway) Files(fs policy.Filesystem, hostname string) []GatewayFile {
	var files []GatewayFile
	if e, ok := readEntry(fs, ResolverFile); ok {
		// Without a search list a C library makes one of the domain of the host's name, and
		// asks for names that nobody meant.
		files = append(files, GatewayFile{e.Path, g.ResolverText()})
	}
	if e, ok := readEntry(fs, HostsFile); ok {
		own := "127.0.0.1 localhost\n"
		if hostname != "" && hostname != "localhost" {
			own += "127.0.1.1 " + hostname + "\n"
		}
		files = append(files, GatewayFile{e.Path, own + "::1 localhost\n"})
	}
	return files
}

// NeedsResolver gives the file by which the program looks up the names of a policy; ok is
// false for a policy of addresses alone.
func NeedsResolver(p *policy.Policy) (file string, ok bool) {
	entry, found := readEntry(p.Filesystem, ResolverFile)
	named := slices.ContainsFunc(p.Network.Egress, func(e policy.EgressEntry) bool {
		_, literal := e.Address()
		return !literal
	})
	return entry.Path, found && named && p.Network.Mode == policy.NetworkEgress
}

// ResolverText is what [ResolverFile] holds.
func (g *Gateway) ResolverText() string {
	return fmt.Sprintf("nameserver %s\nsearch .\n", g.Nameserver())
}

// readEntry finds the entry in filesystem.read for a file, which may be a link of the
// policy to where the host has it.
func readEntry(fs policy.Filesystem, file string) (policy.PathEntry, bool) {
	for _, link := range fs.Links {
		if link.From == file {
			file = link.To
			break
		}
	}
	for _, e := range fs.Entries {
		if e.Path == file && e.Mode == policy.ModeRead {
			return e, true
		}
	}
	return policy.PathEntry{}, false
}
