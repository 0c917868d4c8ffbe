package gvisor_test

import (
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"
)

// sample is a policy of the tests as if it were a random one.
func sample(p *policy.Policy, b *compiler.Bundle) random {
	r := random{policy: p, root: rootFor(p), bundle: b}
	for _, e := range p.Filesystem.Entries {
		kind := r.root.Kinds[e.Path]
		if e.Mode == policy.ModeTmp || len(asChildren(p.Filesystem, e.Path)) > 0 && kind != "" {
			kind = compiler.KindDirectory
		}
		r.order = append(r.order, entry{path: e.Path, mode: e.Mode, kind: kind})
	}
	for _, link := range p.Filesystem.Links {
		r.links = append(r.links, [2]string{link.From, link.To})
	}
	return r
}

// asChildren are the entries below a path.
func asChildren(fs policy.Filesystem, dir string) []policy.PathEntry {
	return slices.DeleteFunc(slices.Clone(fs.Entries), func(e policy.PathEntry) bool { return !strings.HasPrefix(e.Path, dir+"/") })
}

// TestModelOfSamples does the same for the policies of testdata, and those that ship.
func TestModelOfSamples(t *testing.T) {
	for name, p := range samples(t) {
		t.Run(name, func(t *testing.T) {
			r := sample(p, sampleBundle(t, name, p))
			world := worldOf(r)
			machine := machineOf(r.root, world)
			checkModel(t, r, world, startGuest(t, specOf(t, r.bundle, gvisor.LaunchedConfig), r.bundle.Skeleton, machine, true), true)
			checkModel(t, r, world, startGuest(t, specOf(t, r.bundle, gvisor.StandaloneConfig), r.bundle.Skeleton, machine, false), false)
		})
	}
}

// TestModelOfCases are policies that runsc makes something else of, if they are said the
// plain way.
func TestModelOfCases(t *testing.T) {
	for _, text := range []string{
		// /tmp is empty, is only a way, or is not to hold a name.
		"read = ['/data']",
		"read = ['/tmp/a/b', '/tmp/c.txt']",
		"absent = ['/tmp/a']",
		"absent = ['/tmp/a']\nread = ['/tmp/b']",
		"hide = ['/tmp']\nabsent = ['/tmp/a']",
		"links = { '/tmp/link' = '/data' }\nread = ['/data']",
		"write = ['/tmp', '/var/tmp']",
		"tmp = ['/tmp']\nlinks = { '/var/tmp' = '/tmp' }",
		// In /sys nothing is shown, and what is there leads on.
		"read = ['/sys/fs/cgroup']",
		"read = ['/sys/fs/cgroup', '/sys/fs/cgroup/cpu/a/b.txt']\nhide = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/cpu/c.txt', '/sys/fs/cgroup/dir', '/sys/kernel']",
		"read = ['/sys/fs/cgroup/memory.max']",
		"hide = ['/sys', '/sys/class/net']",
		// One inside the other, as far as that goes.
		"map = ['/a']\nexec = ['/a/b']\nread = ['/a/b/c']\nwrite = ['/a/b/c/d']\ntmp = ['/a/b/c/d/e']",
		"write = ['/a', '/a/b/c', '/a/d.txt']\nread = ['/a/r', '/a/r.txt']\nhide = ['/a/h', '/a/h.txt']\ntmp = ['/a/t']\nexec = ['/a/x', '/a/x.txt']\nmap = ['/a/m']",
		"hide = ['/a']\nread = ['/a/b']\nwrite = ['/a/b/c.txt']",
		"read = ['/a']\nhide = ['/a/b', '/a/b/c', '/a/d.txt']",
		"read = ['/a?', '/a/b.txt?']\nwrite = ['/missing.conf?']\nhide = ['/missing/too?']",
		// Links in the root, in what is shown, in what is not, and to what is not.
		"read = ['/a']\nhide = ['/h']\nabsent = ['/x']\ntmp = ['/t']\nlinks = { '/l' = '/a', '/a/l' = '/a/b', '/a/m' = '/h', '/h/l' = '/a', '/x/l' = '/a', '/t/l' = '/a', '/n' = '/h', '/o' = '/nowhere', '/p/q/r' = '/a' }",
		"links = { '/etc/mtab' = '/proc/self/mounts', '/n' = '/dev/null' }\nproc = 'self'\ndev = 'minimal'",
		"links = { '/etc/mtab' = '/proc/self/mounts', '/n' = '/dev/null' }",
		"proc = 'self'", "dev = 'minimal'",
	} {
		p := parse(t, "syscalls.base = 'unrestricted'\n[filesystem]\n"+text+"\n")
		r := sample(p, compile(t, p))
		world := worldOf(r)
		for i, name := range configs {
			s := specOf(t, r.bundle, name)
			if failure := failureOf(func(t failer) {
				checkSpecs(t, p, r.bundle, r.root)
				checkModel(t, r, world, startGuest(t, s, r.bundle.Skeleton, machineOf(r.root, world), i == 0), i == 0)
			}); failure != "" {
				t.Errorf("%s: %s\n%s", name, text, failure)
			}
		}
	}
}
