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
		return foundPaths(s, policy.AccessRead, append(usersSockets(s, userEngines), engineSockets...), "the socket of an engine")
	},
}

// engineSockets are where engines listen by default, as their manuals state it.
var engineSockets = withOldRun(
	"/run/docker.sock", "/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock", "/run/crio/crio.sock",
	"/run/podman/podman.sock", "/run/cri-dockerd.sock", "/run/k3s/containerd/containerd.sock", "/run/buildkit/buildkitd.sock",
	"/run/containerd/debug.sock", "/run/dockershim.sock",
	"/run/lxd.socket", "/var/lib/lxd/unix.socket", "/var/lib/incus/unix.socket", "/var/snap/lxd/common/lxd/unix.socket", "/run/libvirt/libvirt-sock",
)

// userEngines are where engines of one user listen, in that user's directory of /run/user.
var userEngines = []string{
	"docker.sock", "podman/podman.sock", "buildkit/buildkitd.sock", "buildkit-default/buildkitd.sock",
	"containerd/containerd.sock", "libvirt/libvirt-sock",
}

// usersSockets gives names in the directory of a user, with those of every user of whom
// the policy shows something, and of the first one that most machines have.
func usersSockets(s *Subject, names []string) []string {
	users := []string{"1000"}
	for _, e := range visible(s) {
		_, below, ok := strings.Cut(e.Path, "/run/user/")
		if user, _, _ := strings.Cut(below, "/"); ok && user != "" && !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	var out []string
	for _, user := range users {
		for _, name := range names {
			out = append(out, "/run/user/"+user+"/"+name)
		}
	}
	return withOldRun(out...)
}

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

// foundPaths finds the entries that allow an access to some paths; what says what these are.
// Where there is one, the hint hides it.
func foundPaths(s *Subject, kind policy.AccessKind, paths []string, what string) []Found {
	verb := map[policy.AccessKind]string{policy.AccessRead: " shows ", policy.AccessWrite: " covers ", policy.AccessExec: " holds "}[kind]
	var found []Found
	for _, seen := range sightings(s, kind, paths) {
		f := Found{At: seen.entry.At, Message: quote(seen.entry.Path) + " is " + what}
		if seen.paths[0] == seen.entry.Path {
			f.Hint = s.takeOut(seen.entry.At, "filesystem", string(seen.entry.Mode), seen.entry.Path)
		} else {
			f.Message = quote(seen.entry.Path) + verb + what
			f.Notes = append(f.Notes, "for example  "+someOf(seen.paths))
			f.Hint = fmt.Sprintf("hide = [%s]", quote(seen.paths[0]))
		}
		if len(seen.paths) > 1 {
			f.Hint = "" // more is there than these names
		}
		found = append(found, f)
	}
	return found
}

// someOf gives the first of some paths, and how many more there are.
func someOf(paths []string) string {
	const most = 3
	text := strings.Join(paths[:min(most, len(paths))], ", ")
	if more := len(paths) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
