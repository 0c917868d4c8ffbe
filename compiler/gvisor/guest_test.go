package gvisor_test

import (
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler"
	"confine/policy"
)

// This is what runsc makes of a bundle, as far as files go, written from its source and
// not from the compiler: the gofer binds what is outside into the skeleton, in the order
// of config.json (runsc/cmd/sandboxsetup/gofer_mount.go), and the sentry mounts it and
// what it has itself in the order of the lengths of paths (runsc/boot/vfs.go).

type kind int

const (
	directory kind = iota
	regular
	device
	symlink
)

// file is a file of any file system.
type file struct {
	kind     kind
	mode     uint32
	target   string
	children map[string]*file
	// own says that it belongs to the guest's user; all else is somebody else's.
	own bool
}

// put makes a file, and the directories that lead to it, which are as open.
func (f *file) put(at string, k kind, mode uint32) *file {
	for _, name := range strings.Split(strings.Trim(at, "/"), "/") {
		next := f.children[name]
		if next == nil {
			next = &file{kind: directory, mode: 0o777, own: f.own}
			if f.children == nil {
				f.children = map[string]*file{}
			}
			f.children[name] = next
		}
		f = next
	}
	if len(f.children) == 0 {
		f.kind, f.mode = k, mode
	}
	return f
}

// mounted is one mount. What a gofer serves is a place in the gofer's own mounts.
type mounted struct {
	root             *file
	under            *mounted
	readOnly, noexec bool
}

// place is a file where it is mounted; under is the gofer's mount that it lies on.
type place struct {
	mount, under *mounted
	file         *file
}

// mounts are those of one process.
type mounts struct {
	root place
	over map[place]*mounted
	// gofer has the mounts that places of the sentry are under.
	gofer *mounts
}

// top is what is mounted on a place, or the place.
func (m *mounts) top(p place) place {
	if m.gofer != nil && p.under != nil {
		below := m.gofer.top(place{mount: p.under, file: p.file})
		p.under, p.file = below.mount, below.file
	}
	for over := m.over[p]; over != nil; over = m.over[p] {
		p = place{over, over.under, over.root}
		if m.gofer != nil && p.under != nil {
			below := m.gofer.top(place{mount: p.under, file: p.file})
			p.under, p.file = below.mount, below.file
		}
	}
	return p
}

// The errors of a walk.
const (
	found     = ""
	missing   = "ENOENT"
	forbidden = "EACCES"
	notDir    = "ENOTDIR"
	tooLong   = "ENAMETOOLONG"
)

// walk finds a path and follows its links, the last too. Whoever has all capabilities
// passes everywhere. up is the directory that holds the name, when nothing but that is
// missing.
func (m *mounts) walk(name string, privileged bool) (at, up place, err string) {
	const maxLinks, maxPath, maxName = 40, 4095, 255
	for range maxLinks {
		if len(name) > maxPath {
			return place{}, place{}, tooLong
		}
		at, up = m.top(m.root), place{}
		link, rest := "", ""
		components := strings.Split(strings.Trim(name, "/"), "/")
		for i, component := range components {
			if component == "" {
				continue
			}
			if len(component) > maxName {
				return place{}, place{}, tooLong
			}
			if at.file.kind != directory {
				return place{}, place{}, notDir
			}
			if !privileged && !at.permits(1) {
				return place{}, place{}, forbidden
			}
			next := at.file.children[component]
			if next == nil {
				if i < len(components)-1 {
					at = place{}
				}
				return place{}, at, missing
			}
			up, at = at, m.top(place{at.mount, at.under, next})
			if at.file.kind == symlink {
				link = at.file.target
				if !path.IsAbs(link) {
					link = path.Join("/"+strings.Join(components[:i], "/"), link)
				}
				rest = strings.Join(components[i+1:], "/")
				break
			}
		}
		if link == "" {
			return at, up, found
		}
		name = path.Join(link, rest)
	}
	return place{}, place{}, "ELOOP"
}

// permits looks at the bits that are for the guest's user, who may change those of its
// own files where they can be written.
func (p place) permits(bits uint32) bool {
	if p.file.own {
		return !p.mount.readOnly || p.file.mode>>6&bits == bits
	}
	return p.file.mode&bits == bits
}

// guest is what the program of a bundle sees.
type guest struct {
	mounts
	t failer
}

// startGuest does what runsc does with a config.json. machine is the root file system
// that runsc itself runs in. owned says that whoever starts runsc has made the skeleton,
// as confine run does; without, the guest's user is nobody there.
func startGuest(t failer, s *specs.Spec, skeleton []compiler.Node, machine *file, owned bool) *guest {
	t.Helper()
	bundle := &file{kind: directory, mode: 0o755}
	for _, n := range skeleton {
		k := map[compiler.NodeKind]kind{compiler.NodeDirectory: directory, compiler.NodeFile: regular, compiler.NodeLink: symlink}[n.Kind]
		up := bundle
		if dir := path.Dir(n.Path); dir != "." {
			at, _, err := (&mounts{root: place{mount: &mounted{}, file: bundle}}).walk(dir, true)
			if err != found {
				t.Fatalf("%s comes before the directory that holds it: %s", n.Path, err)
			}
			up = at.file
		}
		made := up.put(path.Base(n.Path), k, n.Mode)
		made.target, made.own = n.Target, owned
	}
	rootfs := bundle.children[s.Root.Path]
	if rootfs == nil || !s.Root.Readonly {
		t.Fatalf("the root is %+v", s.Root)
	}
	base := &mounted{root: rootfs}
	gofer := &mounts{root: place{mount: base, file: rootfs}, over: map[place]*mounted{}}
	for _, m := range s.Mounts {
		if m.Type == "bind" {
			bind(t, gofer, m, bundle, machine, owned)
		}
	}
	g := &guest{t: t, mounts: mounts{over: map[place]*mounted{}, gofer: gofer}}
	g.root = place{&mounted{root: rootfs, under: base, readOnly: true}, base, rootfs}
	all := slices.Clone(s.Mounts)
	for _, dir := range []string{"/proc", "/sys", "/dev", "/dev/pts"} {
		if !slices.ContainsFunc(all, func(m specs.Mount) bool {
			return m.Destination == dir && (m.Type == "bind" || dir == "/proc" || dir == "/sys")
		}) {
			// One of runsc's own, with what the policy does not say in it.
			all = append(all, specs.Mount{Destination: dir, Type: "tmpfs", Options: []string{"mode=0777"}})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return len(all[i].Destination) < len(all[j].Destination) })
	for _, m := range all {
		g.attach(m)
	}
	g.mountTmp(s.Mounts, owned)
	return g
}

// bind is SetupMounts of the gofer. What it would make it makes outside the sandbox.
func bind(t failer, gofer *mounts, m specs.Mount, bundle, machine *file, owned bool) {
	t.Helper()
	var source place
	var err string
	if inside, own := strings.CutPrefix(m.Source, "rootfs"); own {
		// Where it looks for the bundle, the earlier mounts lie on it.
		source, _, err = gofer.walk(inside, owned)
	} else {
		from := machine
		if !path.IsAbs(m.Source) {
			from = bundle
		}
		source, _, err = (&mounts{root: place{mount: &mounted{}, file: from}}).walk(m.Source, true)
		source.mount = nil
	}
	if err != found {
		t.Fatalf("runsc does not start: it binds %s, which is %s", m.Source, err)
	}
	point, _, err := gofer.walk(m.Destination, owned)
	if err != found {
		t.Fatalf("runsc does not start, or makes %s outside the sandbox: %s", m.Destination, err)
	}
	if (point.file.kind == directory) != (source.file.kind == directory) {
		t.Fatalf("runsc does not start: %s is of another kind than %s", m.Destination, m.Source)
	}
	if point == gofer.root {
		t.Fatalf("a mount on the root: runsc shows it below every other")
	}
	gofer.over[point] = &mounted{root: source.file}
}

// attach is mountSubmount of the sentry, and makeMountPoint.
func (g *guest) attach(m specs.Mount) {
	g.t.Helper()
	over := &mounted{}
	mode := uint32(0o1777)
	for _, option := range m.Options {
		switch key, value, _ := strings.Cut(option, "="); key {
		case "ro":
			over.readOnly = true
		case "noexec":
			over.noexec = true
		case "rbind", "nosuid", "rw", "size":
		case "mode":
			bits, err := strconv.ParseUint(value, 8, 32)
			if err != nil {
				g.t.Fatalf("%s: %v", m.Destination, err)
			}
			mode = uint32(bits)
		default:
			g.t.Fatalf("%s: runsc ignores the option %q", m.Destination, option)
		}
	}
	switch m.Type {
	case "bind":
		at, _, err := g.gofer.walk(m.Destination, true)
		if err != found {
			g.t.Fatalf("%s: %s", m.Destination, err)
		}
		over.root, over.under = at.file, at.mount
	case "tmpfs":
		over.root = &file{kind: directory, mode: mode, own: true}
	case "proc":
		over.root = sentryProc()
	default:
		g.t.Fatalf("runsc ignores the type %q", m.Type)
	}
	at := g.point(m.Destination, over.root.kind == directory)
	if (at.file.kind == directory) != (over.root.kind == directory) {
		g.t.Fatalf("runsc does not start: %s is of another kind than what is mounted on it", m.Destination)
	}
	g.over[at] = over
}

// point finds a mount point, or makes it in a file system of the sentry's.
func (g *guest) point(name string, isDirectory bool) place {
	g.t.Helper()
	at, up, err := g.walk(name, true)
	if err == missing && up.file == nil {
		up = g.point(path.Dir(name), true)
	}
	if err == missing && up.under == nil {
		made := up.file.put(path.Base(name), directory, 0o755)
		if made.own = true; !isDirectory {
			made.kind, made.mode = regular, 0o644
		}
		return place{mount: up.mount, file: made}
	}
	if err != found {
		g.t.Fatalf("runsc does not start, or makes %s outside the sandbox: %s", name, err)
	}
	return at
}

// made is a file that the program makes, with the directories that lead to it.
func (g *guest) made(name string) (at place, err string) {
	_, up, err := g.walk(name, false)
	switch {
	case err == missing && up.file == nil:
		return g.made(path.Dir(name))
	case err != missing || !up.permits(3) || up.mount.readOnly:
		return place{}, forbidden
	}
	return place{mount: up.mount, file: &file{kind: regular, own: true}}, found
}

// allows reports whether the program gets what it wants, if it has to make the file too.
func (g *guest) allows(access policy.AccessKind, name string) bool {
	at, _, err := g.walk(name, false)
	if err == missing {
		at, err = g.made(name)
	}
	if err != found {
		return false
	}
	switch access {
	case policy.AccessWrite:
		// A device can be written to although its file system cannot (open(2), EROFS).
		return at.permits(2) && (!at.mount.readOnly || at.file.kind == device)
	case policy.AccessExec:
		return at.permits(1) && !at.mount.noexec && at.file.kind == regular
	case policy.AccessMap:
		return at.permits(4) && !at.mount.noexec && at.file.kind != directory
	}
	return at.permits(4)
}

// mountTmp of the sentry covers a /tmp that is not there or empty.
func (g *guest) mountTmp(given []specs.Mount, owned bool) {
	g.t.Helper()
	if slices.ContainsFunc(given, func(m specs.Mount) bool { return m.Destination == "/tmp" }) {
		return
	}
	at, _, err := g.walk("/tmp", true)
	if err == notDir || err == found && (at.file.kind != directory || len(at.file.children) > 0 && (owned || at.file.mode&4 != 0)) {
		return
	}
	if err == found && at.under != nil && !owned && at.file.mode&4 == 0 {
		g.t.Fatalf("runsc does not start: the gofer cannot list /tmp")
	}
	g.attach(specs.Mount{Destination: "/tmp", Type: "tmpfs", Options: []string{"mode=01777"}})
}

// sentryProc is pkg/sentry/fsimpl/proc/tasks.go, with one process.
func sentryProc() *file {
	proc := &file{kind: directory, mode: 0o555, own: true}
	for _, name := range []string{
		"cgroups", "cmdline", "cpuinfo", "devices", "filesystems", "loadavg", "meminfo", "modules",
		"sentry-meminfo", "stat", "uptime", "version",
		"sys/kernel/hostname", "sys/vm/overcommit_memory", "gvisor/x",
		"1/status", "1/maps", "1/mounts", "1/net/tcp", "1/fd/0", "1/fd/1", "1/fd/2",
	} {
		proc.put(name, regular, 0o444)
	}
	for _, name := range []string{"bus", "fs", "irq"} {
		proc.put(name, directory, 0o555)
	}
	proc.put("sysrq-trigger", regular, 0o200)
	for name, to := range map[string]string{"self": "1", "thread-self": "1", "mounts": "self/mounts", "net": "self/net"} {
		proc.put(name, symlink, 0o777).target = to
	}
	return proc
}

// machineOf is where runsc runs: a root file system for the program, and devices.
func machineOf(root *compiler.Root, world *file) *file {
	machine := &file{kind: directory, mode: 0o755}
	at := machine
	for _, name := range strings.Split(strings.Trim(root.Path, "/"), "/") {
		if name != "" {
			at = at.put(name, directory, 0o755)
		}
	}
	for name, child := range world.children {
		if at.children == nil {
			at.children = map[string]*file{}
		}
		at.children[name] = child
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		machine.put(root.Host+"/dev/"+name, device, 0o666)
	}
	return machine
}
