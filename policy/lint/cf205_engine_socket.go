package lint

import (
	"fmt"
	"slices"
	"strings"

	"confine/policy"
)

var engineSocket = Rule{
	Code:     "CF205",
	Severity: Error,
	Title:    "the socket of a container engine can be reached",
	Why: `Whoever may connect to the socket of a container engine, or of a manager of virtual machines, asks it for a container
that has the whole machine. The file only has to be visible: a read-only mount keeps nobody from connecting to a
socket. The permissions of the file still hold, until somebody puts the user into the group.`,
	Instead: "Take the path out. If a directory above it has to be shown, `hide` the socket.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/run/docker.sock\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/run/acme\"]\n"},
	check: func(s *Subject) []Found {
		return foundPaths(s, policy.AccessRead, engineSockets, "%s: whoever connects to it can be root")
	},
}

// engineSockets are where engines listen by default, as their manuals state it.
var engineSockets = withOldRun(
	"/run/docker.sock", "/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock", "/run/crio/crio.sock",
	"/run/podman/podman.sock", "/run/cri-dockerd.sock", "/run/k3s/containerd/containerd.sock", "/run/buildkit/buildkitd.sock",
	"/run/lxd.socket", "/var/lib/lxd/unix.socket", "/var/lib/incus/unix.socket", "/var/snap/lxd/common/lxd/unix.socket", "/run/libvirt/libvirt-sock",
)

// withOldRun adds to paths in /run their old name: a policy without the link shows the one
// and not the other.
func withOldRun(paths ...string) []string {
	out := slices.Clone(paths)
	for _, name := range paths {
		if strings.HasPrefix(name, "/run/") {
			out = append(out, "/var"+name)
		}
	}
	return out
}

// sighting is an entry and what it shows of some paths of the host.
type sighting struct {
	entry policy.PathEntry
	paths []string
}

// sightings gives the entries that allow an access to the host's own files under some
// paths. What tmp shows is empty.
func sightings(s *Subject, kind policy.AccessKind, paths []string) []sighting {
	var out []sighting
	for _, name := range paths {
		if !s.Policy.Decide(policy.Access{Kind: kind, Target: name}).Allowed {
			continue
		}
		name = s.Policy.Filesystem.ResolveLinks(name)
		entry, ok := s.Policy.Filesystem.Entry(name)
		if !ok || entry.Mode == policy.ModeTmp {
			continue
		}
		i := slices.IndexFunc(out, func(seen sighting) bool { return seen.entry.Path == entry.Path })
		if i < 0 {
			i = len(out)
			out = append(out, sighting{entry: entry})
		}
		if !slices.Contains(out[i].paths, name) {
			out[i].paths = append(out[i].paths, name)
		}
	}
	return out
}

// foundPaths finds the entries that allow an access to some paths. message takes the first
// of them, with the entry where that is another one.
func foundPaths(s *Subject, kind policy.AccessKind, paths []string, message string) []Found {
	verb := map[policy.AccessKind]string{policy.AccessRead: " shows ", policy.AccessWrite: " covers ", policy.AccessExec: " holds "}[kind]
	var found []Found
	for _, seen := range sightings(s, kind, paths) {
		first := seen.paths[0]
		f := Found{At: seen.entry.At, Message: fmt.Sprintf(message, first)}
		if first != seen.entry.Path {
			f.Message = fmt.Sprintf(message, quote(seen.entry.Path)+verb+first)
			f.Hint = fmt.Sprintf("hide = [%s]", quote(first))
		}
		if others := seen.paths[1:]; len(others) > 0 {
			note := "also  " + strings.Join(others[:min(3, len(others))], ", ")
			if more := len(others) - 3; more > 0 {
				note += fmt.Sprintf(" and %d more", more)
			}
			f.Notes, f.Hint = append(f.Notes, note), ""
		}
		found = append(found, f)
	}
	return found
}
