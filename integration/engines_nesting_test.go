//go:build linux

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/policy"
)

// nestable are the modes of entries that can be inside one another.
var nestable = []policy.PathMode{policy.ModeRead, policy.ModeMap, policy.ModeExec, policy.ModeWrite, policy.ModeHide}

// liftable reports whether firejail can put one mode inside another: its profiles cannot
// take noexec away below a directory, nor execve(2) and leave mmap(2). runsc can.
func liftable(outer, inner policy.PathMode) bool {
	switch outer {
	case policy.ModeRead, policy.ModeWrite:
		return inner != policy.ModeExec && inner != policy.ModeMap
	case policy.ModeExec:
		return inner != policy.ModeMap
	}
	return true
}

// nestedWorlds have every mode inside every other, for directories and for files by
// themselves, and every kind of access to each.
func nestedWorlds(t *testing.T) []world {
	both, lifted := newNesting(t), newNesting(t)
	for _, outer := range nestable {
		above, also := both.directory(both.dir, outer), ""
		both.file(both.dir, outer)
		for _, inner := range nestable {
			if outer == policy.ModeHide && inner.Visible() {
				continue
			}
			n, dir := both, above
			if !liftable(outer, inner) {
				if also == "" {
					also = lifted.directory(lifted.dir, outer)
				}
				n, dir = lifted, also
			}
			n.directory(dir, inner)
			n.file(dir, inner)
		}
	}
	more := lifted.world("modes that firejail cannot put inside others")
	more.launches = []string{"gvisor root", "gvisor user"}
	deep := newNesting(t)
	for _, modes := range [][]policy.PathMode{
		{policy.ModeRead, policy.ModeRead, policy.ModeWrite, policy.ModeHide},
		{policy.ModeRead, policy.ModeRead, policy.ModeWrite, policy.ModeRead},
		{policy.ModeExec, policy.ModeRead, policy.ModeRead, policy.ModeHide},
		{policy.ModeMap, policy.ModeExec, policy.ModeWrite, policy.ModeHide},
		{policy.ModeMap, policy.ModeMap, policy.ModeExec, policy.ModeRead},
	} {
		dir := filepath.Join(deep.dir, fmt.Sprint(len(deep.attempts)))
		for _, mode := range modes {
			dir = deep.directory(dir, mode)
		}
	}
	every, four := both.world("every mode in every other"), deep.world("modes four deep")
	every.launches, four.launches = tooled, tooled
	return []world{every, more, four, carvedWorld(t)}
}

// carvedWorld has every mode inside every other that Landlock can take out of it, by the
// kernel alone, and some of them four deep.
func carvedWorld(t *testing.T) world {
	n := newNesting(t)
	for _, outer := range nestable {
		above := n.directory(n.dir, outer)
		n.file(n.dir, outer)
		for _, inner := range nestable {
			if outer == policy.ModeHide && inner.Visible() || outer == policy.ModeWrite && inner != policy.ModeWrite {
				continue
			}
			n.directory(above, inner)
			n.file(above, inner)
		}
	}
	for _, modes := range [][]policy.PathMode{
		{policy.ModeRead, policy.ModeRead, policy.ModeWrite, policy.ModeWrite},
		{policy.ModeExec, policy.ModeRead, policy.ModeRead, policy.ModeHide},
		{policy.ModeRead, policy.ModeHide, policy.ModeRead, policy.ModeHide},
		{policy.ModeExec, policy.ModeHide, policy.ModeExec, policy.ModeRead},
		{policy.ModeMap, policy.ModeMap, policy.ModeExec, policy.ModeRead},
	} {
		dir := filepath.Join(n.dir, fmt.Sprint(len(n.attempts)))
		for _, mode := range modes {
			dir = n.directory(dir, mode)
		}
	}
	w := n.world("modes that Landlock carves out of others")
	w.launches = untooled
	return w
}

func newNesting(t *testing.T) *nesting {
	return &nesting{t: t, dir: tree(t), entries: map[policy.PathMode][]string{}}
}

// nesting collects entries, and what is attempted at each.
type nesting struct {
	t        *testing.T
	dir      string
	entries  map[policy.PathMode][]string
	attempts []attempt
}

// directory makes one with a file and a program, an entry of its own.
func (n *nesting) directory(parent string, mode policy.PathMode) string {
	path := filepath.Join(parent, string(mode))
	give(n.t, file(n.t, filepath.Join(path, "file"), strings.Repeat("x", 8192), 0o644))
	file(n.t, filepath.Join(path, "program"), string(exiting()), 0o755)
	give(n.t, path)
	n.entries[mode] = append(n.entries[mode], path)
	for _, kind := range kinds {
		n.add(mode, strings.ReplaceAll(kind, "DIR", path), "")
	}
	return path
}

// file makes a program that is an entry by itself.
func (n *nesting) file(parent string, mode policy.PathMode) {
	path := filepath.Join(parent, string(mode)+"-file")
	give(n.t, file(n.t, path, string(exiting()), 0o755))
	n.entries[mode] = append(n.entries[mode], path)
	n.add(mode, "read "+path, "")
	n.add(mode, "write "+path, "contents "+path)
	n.add(mode, "exec "+path, "")
	n.add(mode, "map "+path, "")
}

func (n *nesting) add(mode policy.PathMode, access, deed string) {
	a := attempt{access: access, deed: deed}
	if mode == policy.ModeMap && strings.HasPrefix(access, "exec ") {
		a.gvisor = executeBit
	}
	n.attempts = append(n.attempts, a)
}

// executeBit is what no mount of runsc's can take away from what may be mapped.
var executeBit = other{inside: "ok", because: "noexec would also refuse to map it; the policy accepts that it can be executed"}

func (n *nesting) world(name string) world {
	n.t.Helper()
	var filesystem strings.Builder
	for _, mode := range []policy.PathMode{policy.ModeRead, policy.ModeWrite, policy.ModeHide} {
		fmt.Fprintf(&filesystem, "%s = [", mode)
		for _, path := range n.entries[mode] {
			fmt.Fprintf(&filesystem, "%q, ", path)
		}
		filesystem.WriteString("]\n")
	}
	// A directory of the tests' own in which the connector's user can make nothing.
	if err := os.Chmod(n.dir, 0o755); err != nil {
		n.t.Fatal(err)
	}
	return world{
		name: name, attempts: n.attempts,
		policy: accessPolicy(n.t, n.entries[policy.ModeExec], n.entries[policy.ModeMap], filesystem.String(), ""),
	}
}
