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

// aliasWorlds have a link to an entry of every mode, in a directory that is shown and in
// one that is not, and every kind of access through it.
func aliasWorlds(t *testing.T) []world {
	shown, unnamed := newNesting(t), newNesting(t)
	aliases := filepath.Join(shown.dir, "aliases")
	owned(t, aliases)
	shown.entries[policy.ModeRead] = append(shown.entries[policy.ModeRead], aliases)
	elsewhere := owned(t, filepath.Join(tree(t), "aliases"))
	return []world{
		shown.linked("links to every mode", aliases),
		unnamed.linked("links to every mode, in a directory that is not shown", elsewhere),
	}
}

// linked gives every mode an alias below a directory.
func (n *nesting) linked(name, aliases string) world {
	n.t.Helper()
	var links strings.Builder
	for _, mode := range nestable {
		path := n.directory(filepath.Join(n.dir, "real"), mode)
		alias := filepath.Join(aliases, "to-"+string(mode))
		if err := os.Symlink(path, alias); err != nil {
			n.t.Fatal(err)
		}
		fmt.Fprintf(&links, "%q = %q, ", alias, path)
		for _, kind := range kinds {
			a := attempt{access: strings.ReplaceAll(kind, "DIR", alias), clause: policy.ClauseFilesystemLinks}
			if mode == policy.ModeMap && strings.HasPrefix(kind, "exec ") {
				a.gvisor = executeBit
			}
			n.attempts = append(n.attempts, a)
		}
	}
	w := n.world(name)
	file(n.t, w.policy, strings.Replace(readText(n.t, w.policy), "links = { ", "links = { "+links.String(), 1), 0o644)
	return w
}
