package gvisor_test

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"

	"pgregory.net/rapid"
)

// entry is one path of a random policy.
type entry struct {
	path     string
	mode     policy.PathMode
	size     int
	optional bool
	// kind is what the root file system has there; empty is nothing.
	kind compiler.PathKind
}

// randomPaths nest often, and lie in all the places that runsc treats by rules of its
// own.
var randomPaths = func() []string {
	paths := []string{
		"/usr", "/usr/lib", "/usr/bin", "/usr/lib/a", "/usr/lib/a/b",
		"/sys", "/sys/fs", "/sys/fs/cgroup", "/sys/fs/cgroup/a", "/sys/fs/cgroup/a/b", "/sys/class/a/b",
		"/tmp", "/tmp/a", "/tmp/a/b", "/tmp/b", "/run", "/run/a", "/etc/passwd",
	}
	for _, top := range []string{"/opt", "/data"} {
		for _, rest := range []string{"", "/a", "/a/b", "/a/b/a", "/a/b/a/b", "/ab", "/b", "/b/a b"} {
			paths = append(paths, top+rest)
		}
	}
	return paths
}()

// randomLinks lie beside all of that, and lead to it.
var randomLinks = [][2]string{
	{"/bin", "/usr/bin"},
	{"/lib", "/usr/lib"},
	{"/var/run", "/run"},
	{"/link", "/opt"},
	{"/opt/link", "/data/a"},
	{"/opt/a/link", "/usr"},
	{"/data/a/b/link", "/opt/a"},
	{"/data/link", "/tmp"},
	{"/tmp/link", "/data/b"},
	{"/run/link", "/dev/null"},
	{"/etc/mtab", "/proc/self/mounts"},
}

var randomModes = []policy.PathMode{
	policy.ModeRead, policy.ModeExec, policy.ModeMap, policy.ModeWrite,
	policy.ModeTmp, policy.ModeHide, policy.ModeAbsent,
}

// possible leaves out what the language itself refuses.
func possible(e entry) bool {
	if under(e.path, "/sys") {
		return e.mode == policy.ModeRead || e.mode == policy.ModeHide || e.mode == policy.ModeAbsent
	}
	return true
}

func drawEntries(t *rapid.T) []entry {
	one := rapid.Custom(func(t *rapid.T) entry {
		e := entry{path: rapid.SampledFrom(randomPaths).Draw(t, "path"), mode: rapid.SampledFrom(randomModes).Draw(t, "mode")}
		switch {
		case e.mode == policy.ModeTmp && rapid.Bool().Draw(t, "sized"):
			e.size = 8192
		case e.mode != policy.ModeTmp:
			e.optional = rapid.IntRange(0, 3).Draw(t, "optional") == 0
		}
		return e
	})
	return rapid.SliceOfNDistinct(one.Filter(possible), 0, 12, func(e entry) string { return e.path }).Draw(t, "entries")
}

// drawKinds gives the entries what is there: something everywhere, but for a path that
// may be missing, and no file above another path. A tmp directory is made where its parent
// is the sandbox's own.
func drawKinds(t *rapid.T, entries []entry) {
	for i := range entries {
		e := &entries[i]
		e.kind = compiler.KindDirectory
		shown := func(o entry) bool { return o.mode.Visible() && strings.HasPrefix(e.path, o.path+"/") }
		if e.mode == policy.ModeTmp {
			if !slices.ContainsFunc(entries, shown) && rapid.Bool().Draw(t, "no "+e.path) {
				e.kind = ""
			}
			continue
		}
		if slices.ContainsFunc(entries, func(o entry) bool { return strings.HasPrefix(o.path, e.path+"/") }) {
			continue
		}
		kinds := []compiler.PathKind{compiler.KindDirectory, compiler.KindFile}
		if e.optional || e.mode == policy.ModeAbsent {
			kinds = append(kinds, "")
		}
		e.kind = rapid.SampledFrom(kinds).Draw(t, "kind of "+e.path)
	}
}

// tables is the text of a policy with these entries in this order. It has no filter of
// system calls, which would take longer than all the rest.
func tables(entries []entry, links [][2]string, network, proc, dev string) string {
	lists := map[policy.PathMode][]string{}
	for _, e := range entries {
		item := fmt.Sprintf("%q", e.path)
		if e.optional {
			item = fmt.Sprintf("%q", e.path+"?")
		}
		if e.size != 0 {
			item = fmt.Sprintf("{ path = %q, size = %d }", e.path, e.size)
		}
		lists[e.mode] = append(lists[e.mode], item)
	}
	text := fmt.Sprintf("syscalls.base = \"unrestricted\"\nnetwork.mode = %q\n[filesystem]\nproc = %q\ndev = %q\n", network, proc, dev)
	for _, mode := range randomModes {
		if list := lists[mode]; len(list) > 0 {
			text += fmt.Sprintf("%s = [%s]\n", mode, strings.Join(list, ", "))
		}
	}
	if len(links) > 0 {
		text += "[filesystem.links]\n"
	}
	for _, link := range links {
		text += fmt.Sprintf("%q = %q\n", link[0], link[1])
	}
	return text
}

// random is a policy that compiles: entries that are refused are taken out. order
// holds the entries that are left.
type random struct {
	order              []entry
	links              [][2]string
	network, proc, dev string
	policy             *policy.Policy
	root               *compiler.Root
	bundle             *compiler.Bundle
}

func drawPolicy(t *rapid.T) random {
	r := random{
		order:   drawEntries(t),
		links:   rapid.SliceOfNDistinct(rapid.SampledFrom(randomLinks), 0, 5, func(l [2]string) string { return l[0] }).Draw(t, "links"),
		network: rapid.SampledFrom([]string{"none", "host"}).Draw(t, "network"),
		proc:    rapid.SampledFrom([]string{"none", "self"}).Draw(t, "proc"),
		dev:     rapid.SampledFrom([]string{"none", "minimal"}).Draw(t, "dev"),
	}
	for {
		var refusals compiler.Refusals
		r.policy = parse(t, tables(r.order, r.links, r.network, r.proc, r.dev))
		_, err := gvisor.Compile(r.policy, target)
		if err == nil {
			break
		}
		if !errors.As(err, &refusals) {
			t.Fatalf("%v", err)
		}
		left := len(r.order)
		for _, refusal := range refusals {
			_, refused, _ := strings.Cut(refusal.Found, " ")
			r.order = slices.DeleteFunc(r.order, func(e entry) bool { return e.path == refused })
		}
		if len(r.order) == left {
			t.Fatalf("refused for no entry: %v", err)
		}
	}
	drawKinds(t, r.order)
	r.root = &compiler.Root{Path: "/host/root", Host: "/host", Kinds: map[string]compiler.PathKind{}}
	for _, e := range r.order {
		if e.kind != "" {
			r.root.Kinds[e.path] = e.kind
		}
	}
	r.bundle = compileIn(t, r.policy, r.root)
	return r
}

// worldOf is a root file system with what a policy names, each with something in it, with
// what lies around that, and with the links. Everything in it is open to everybody.
func worldOf(r random) *file {
	world := &file{kind: directory, mode: 0o777}
	for _, e := range r.order {
		switch e.kind {
		case compiler.KindFile:
			world.put(e.path, regular, 0o777)
		case compiler.KindDirectory:
			world.put(e.path, directory, 0o777)
			world.put(e.path+"/data", regular, 0o666)
			world.put(e.path+"/program", regular, 0o777)
			world.put(e.path+"/inner/data", regular, 0o666)
			world.put(e.path+"/inner/program", regular, 0o777)
		}
	}
	missing := func(p string) bool {
		return slices.ContainsFunc(r.order, func(e entry) bool { return e.kind != compiler.KindDirectory && under(p, e.path) })
	}
	for _, link := range r.links {
		if !missing(link[0]) {
			world.put(link[0], symlink, 0o777).target = link[1]
		}
	}
	around := []string{"/unnamed/x", "/usr/unnamed", "/usr/lib/unnamed", "/opt/x", "/data/a/x", "/var/x", "/sys/kernel/x", "/sys/fs/x", "/etc/shadow", "/tmp/x", "/run/secrets", "/proc/x", "/dev/sda"}
	for _, e := range r.order {
		around = append(around, e.path+"-beside", path.Dir(e.path)+"/sibling")
	}
	for _, p := range around {
		if !missing(p) {
			world.put(path.Clean(p), regular, 0o777)
		}
	}
	return world
}
