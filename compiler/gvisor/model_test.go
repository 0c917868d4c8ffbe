package gvisor_test

import (
	"maps"
	"path"
	"slices"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"

	"pgregory.net/rapid"
)

var fileKinds = []policy.AccessKind{policy.AccessRead, policy.AccessWrite, policy.AccessExec, policy.AccessMap}

// kernelPaths are names in the file systems of the kernel's, host's or sentry's.
var kernelPaths = []string{
	"/proc", "/proc/self", "/proc/self/status", "/proc/1", "/proc/1/maps", "/proc/thread-self/status", "/proc/mounts", "/proc/net/tcp",
	"/proc/self/fd/0", "/proc/cmdline", "/proc/cpuinfo", "/proc/meminfo", "/proc/sys", "/proc/sys/kernel/hostname", "/proc/gvisor/x",
	"/proc/sysrq-trigger", "/proc/fs", "/proc/bus", "/proc/irq", "/proc/new", "/proc/stat/x",
	"/dev", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/shm", "/dev/shm/x", "/dev/fd", "/dev/fd/0",
	"/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/pts", "/dev/pts/0", "/dev/ptmx", "/dev/net", "/dev/net/tun", "/dev/fuse", "/dev/sda", "/dev/new",
	"/sys", "/sys/kernel", "/sys/kernel/x", "/sys/fs", "/sys/fs/x", "/sys/new", "/", "/new",
}

// asked are the paths that a policy and a world make interesting.
func asked(r random, world *file) []string {
	all := map[string]bool{}
	var add func(string, *file)
	add = func(at string, f *file) {
		for name, child := range f.children {
			all[at+"/"+name], all[at+"/"+name+"/new"] = true, true
			add(at+"/"+name, child)
		}
	}
	add("", world)
	add("/proc", sentryProc())
	for _, e := range r.order {
		all[e.path], all[e.path+"/new"] = true, true
	}
	for _, link := range r.links {
		for _, rest := range []string{"", "/a", "/a/data", "/data", "/program", "/inner/program", "/new"} {
			all[link[0]+rest] = true
		}
	}
	for _, p := range kernelPaths {
		all[p] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// promise is what coverage says of an access.
type promise struct {
	rows map[string]compiler.Coverage
	fs   policy.Filesystem
}

func newPromise(p *policy.Policy, rows []compiler.Coverage) promise {
	out := promise{rows: map[string]compiler.Coverage{}, fs: p.Filesystem}
	for _, row := range rows {
		out.rows[row.Clause+" "+row.Subject] = row
	}
	return out
}

// of gives the row of what decides about a path, and that of the link in it.
func (p promise) of(t failer, name string) (decides, link compiler.Coverage) {
	t.Helper()
	for _, l := range p.fs.Links {
		if under(name, l.From) {
			link = p.rows[policy.ClauseFilesystemLinks+" "+l.From]
		}
	}
	name = p.fs.ResolveLinks(name)
	key := policy.ClauseFilesystem + " what is named nowhere"
	if e, ok := p.fs.Entry(name); ok {
		key = policy.FilesystemClause(e.Mode) + " " + e.Path
	}
	if under(name, "/proc") {
		key = policy.ClauseFilesystemProc + " " + string(p.fs.Proc)
	}
	if under(name, "/dev") {
		key = policy.ClauseFilesystemDev + " " + string(p.fs.Dev)
	}
	decides, ok := p.rows[key]
	if !ok {
		t.Fatalf("no row %q for %s", key, name)
	}
	return decides, link
}

// outside is what the root file system itself allows at a path of which the policy
// decides, and whether something is there.
func outside(p *policy.Policy, world *file, access policy.AccessKind, name string) (allowed, there bool) {
	bare := guest{mounts: mounts{root: place{mount: &mounted{}, file: world}}}
	for _, link := range p.Filesystem.Links {
		holder, _, err := bare.walk(path.Dir(link.From), true)
		if under(name, link.From) && (err != found || holder.file.children[path.Base(link.From)] == nil) {
			return false, false // it is no contradiction where the link is missing
		}
	}
	name = p.Filesystem.ResolveLinks(name)
	e, _ := p.Filesystem.Entry(name)
	switch {
	case under(name, "/proc"), under(name, "/dev"):
		return true, slices.Contains(kernelPaths, name) && path.Base(name) != "new" && name != "/proc/stat/x"
	case e.Mode == policy.ModeTmp:
		return access != policy.AccessExec && access != policy.AccessMap, true
	}
	at, _, err := bare.walk(name, true)
	if err != found || at.file.kind == directory && (access == policy.AccessExec || access == policy.AccessMap) {
		return false, false
	}
	return bare.allows(access, name), true
}

// mayDeny reports whether a row lets something be denied that the policy allows. Of /dev
// that is one thing: /dev/zero is anonymous memory by another name, which a noexec mount
// denies; of /proc it is nothing that the model has.
func mayDeny(row compiler.Coverage, strength compiler.Strength, access policy.AccessKind, name string) bool {
	switch row.Clause {
	case policy.ClauseFilesystemProc:
		return false
	case policy.ClauseFilesystemDev:
		return strength == compiler.Stronger && access == policy.AccessMap && name == "/dev/zero"
	}
	return strength == compiler.Stronger
}

// checkModel holds a guest against Decide, path by path.
func checkModel(t failer, r random, world *file, g *guest, launched bool) {
	t.Helper()
	promised := newPromise(r.policy, r.bundle.Coverage)
	for _, name := range asked(r, world) {
		row, link := promised.of(t, name)
		decides, alias := row.Launched.Strength, link.Launched.Strength
		if !launched {
			decides, alias = row.Standalone.Strength, link.Standalone.Strength
		}
		for _, access := range fileKinds {
			want := r.policy.Decide(policy.Access{Kind: access, Target: name}).Allowed
			open, there := outside(r.policy, world, access, name)
			got := g.allows(access, name)
			_, _, err := g.walk(name, false)
			switch {
			case got && !want && err == missing && link.Clause != "":
				// What the program makes under the name of a link is its own, and not what
				// the link would lead to.
			case got && !want && !(decides == compiler.Weaker && row.Clause == policy.ClauseFilesystemMap && access == policy.AccessExec):
				t.Fatalf("%s %s is allowed, the policy denies it, and %s %s claims %s\n%s",
					access, name, row.Clause, row.Subject, decides, mountsText(t, r.bundle))
			case want && open && there && !got && !mayDeny(row, decides, access, r.policy.Filesystem.ResolveLinks(name)) && alias != compiler.Stronger:
				t.Fatalf("%s %s is denied, the policy allows it, and %s %s claims %s, its link %q\n%s",
					access, name, row.Clause, row.Subject, decides, alias, mountsText(t, r.bundle))
			}
		}
	}
	for _, e := range r.policy.Filesystem.Entries {
		if e.Mode != policy.ModeAbsent {
			continue
		}
		for _, name := range []string{e.Path, e.Path + "/data"} {
			if _, _, err := g.walk(name, false); err != missing && err != tooLong {
				t.Fatalf("%s should not exist: %q", name, err)
			}
		}
	}
	for _, name := range r.bundle.Expectation.Closed {
		for _, access := range fileKinds {
			if g.allows(access, name) {
				t.Fatalf("%s %s is allowed, and expected to be closed", access, name)
			}
		}
	}
}

// TestModelAgreesWithDecide holds what runsc makes of both forms of a bundle against the
// meaning of the policy: what coverage calls exact is the same, nothing is denied that it
// does not call stronger, and nothing allowed but an execve that filesystem.map cannot
// keep apart.
func TestModelAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 5 {
			r := drawPolicy(t)
			world := worldOf(r)
			machine := machineOf(r.root, world)
			checkModel(t, r, world, startGuest(t, specOf(t, r.bundle, gvisor.LaunchedConfig), r.bundle.Skeleton, machine, true), true)
			checkModel(t, r, world, startGuest(t, specOf(t, r.bundle, gvisor.StandaloneConfig), r.bundle.Skeleton, machine, false), false)
		}
	})
}

// TestExpectedAsTheModel: what the stage is told to find is what the guest has.
func TestExpectedAsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		world := worldOf(r)
		g := startGuest(t, specOf(t, r.bundle, gvisor.LaunchedConfig), r.bundle.Skeleton, machineOf(r.root, world), true)
		if len(r.bundle.Expectation.Paths) != len(r.policy.Filesystem.Entries) {
			t.Fatalf("%d of %d paths are expected", len(r.bundle.Expectation.Paths), len(r.policy.Filesystem.Entries))
		}
		for i, e := range r.bundle.Expectation.Paths {
			if e.PathEntry != r.policy.Filesystem.Entries[i] {
				t.Fatalf("%+v is no entry of the policy", e)
			}
			at, _, err := g.walk(e.Path, false)
			kind, there := r.root.Kinds[e.Path]
			there = there || e.Mode == policy.ModeTmp
			switch {
			case !e.Mode.Visible(), !there && err != found:
			case err != found:
				t.Fatalf("%s %s is %s", e.Mode, e.Path, err)
			case e.Replaced != under(e.Path, "/sys"):
				t.Fatalf("%s is replaced: %v", e.Path, e.Replaced)
			case !e.Replaced && there && (at.file.kind == directory) != (kind == compiler.KindDirectory || e.Mode == policy.ModeTmp):
				t.Fatalf("%s is no %s", e.Path, kind)
			case e.Mode == policy.ModeTmp && (len(at.file.children) > 0 || at.under != nil):
				t.Fatalf("%s is not empty", e.Path)
			}
		}
		// What can be passed through in the root is what leads somewhere, or is expected to be.
		for name, child := range g.top(g.root).file.children {
			at, _, err := g.walk("/"+name, false)
			if child.kind == symlink || err != found || at.file.kind != directory || !at.permits(1) {
				continue
			}
			if name != "proc" && name != "dev" && !leads(r.policy, "/"+name) && !slices.Contains(r.bundle.Expectation.Residual, "/"+name) {
				t.Fatalf("/%s can be passed through, and leads nowhere", name)
			}
		}
	})
}

// leads reports whether something that is visible, or a link, lies at or below a path.
func leads(p *policy.Policy, name string) bool {
	for _, e := range p.Filesystem.Entries {
		if e.Mode.Visible() && (under(e.Path, name) || under(name, e.Path)) {
			return true
		}
	}
	return slices.ContainsFunc(p.Filesystem.Links, func(l policy.Link) bool { return under(path.Dir(l.From), name) })
}
