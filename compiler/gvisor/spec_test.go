package gvisor_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"pgregory.net/rapid"
)

// What runsc 20260905 knows. It drops every other option, mounts nothing of another type,
// and answers another limit or namespace with a failed start.
var (
	// runsc/boot/vfs.go, ParseMountOptions and tmpfsAllowedData. specutils/fs.go has more,
	// for the gofer, which the sentry ignores.
	knownOptions = []string{"ro", "rw", "noexec", "exec", "nosuid", "noatime", "atime", "bind", "rbind"}
	knownData    = []string{"mode", "size", "uid", "gid"}
	// The types that compileMounts leaves as they are; none is sysfs.
	knownTypes = []string{"bind", "proc", "tmpfs"}
	// pkg/sentry/limits/linux.go, FromLinuxResourceName.
	knownLimits = []string{
		"RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE",
		"RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
	}
	// specutils/namespace.go.
	knownNamespaces = []specs.LinuxNamespaceType{
		specs.CgroupNamespace, specs.IPCNamespace, specs.MountNamespace, specs.NetworkNamespace, specs.PIDNamespace, specs.UserNamespace, specs.UTSNamespace,
	}
	// runsc/config/flags.go.
	knownFlags = []string{
		"--network=none", "--network=host", "--network=sandbox", "--overlay2=none", "--host-uds=none", "--host-fifo=none", "--directfs=false",
		"--net-raw=false", "--allow-flag-override=false", "--oci-seccomp", "--ignore-cgroups",
	}
)

// TestSpec: nothing is in a config.json that runsc ignores, takes for something else, or
// does outside the sandbox.
func TestSpec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		checkSpecs(t, r.policy, r.bundle, r.root)
	})
	for name, p := range samples(t) {
		t.Run(name, func(t *testing.T) { checkSpecs(t, p, sampleBundle(t, name, p), rootFor(p)) })
	}
}

// TestSpecWithoutRoot: where nothing is known of the root file system, what must be there
// is a directory, and what may be missing is missing.
func TestSpecWithoutRoot(t *testing.T) {
	check := func(t failer, p *policy.Policy) {
		t.Helper()
		root := &compiler.Root{Kinds: map[string]compiler.PathKind{}}
		for _, e := range p.Filesystem.Entries {
			if !e.Optional {
				root.Kinds[e.Path] = compiler.KindDirectory
			}
		}
		b := compileIn(t, p, nil)
		checkSpecs(t, p, b, root)
		if args := specOf(t, b, gvisor.StandaloneConfig).Process.Args; len(args) > 0 {
			t.Fatalf("it starts %q", args)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, drawPolicy(t).policy) })
	check(t, parse(t, "[filesystem]\nread = ['/a?', '/a/b', '/c?']\nhide = ['/c/d']\ntmp = ['/t']\nwrite = ['/a/b/w?', '/a/e/f']\n"))
}

func checkSpecs(t failer, p *policy.Policy, b *compiler.Bundle, root *compiler.Root) {
	t.Helper()
	for i, name := range configs {
		s := specOf(t, b, name)
		checkWhole(t, p, s)
		checkNetwork(t, p, s, flagsOf(t, b, flagFiles[i]), name == gvisor.LaunchedConfig)
		checkMounts(t, s, b.Skeleton, root)
		flags := flagsOf(t, b, flagFiles[i])
		checkFlags(t, p, s, flags)
		launched := name == gvisor.LaunchedConfig
		if slices.Contains(flags, "--ignore-cgroups") != (launched || p.Process.Memory == 0 && p.Process.Pids == 0) {
			t.Fatalf("%s: cgroups are ignored by %q", name, flags)
		}
		if launched && (s.Linux.Seccomp != nil || !slices.Equal(s.Process.Args, []string{"confine", gvisor.GuestArgument}) || len(s.Process.Env) > 0) {
			t.Fatalf("%s starts %q %q, filter %v", name, s.Process.Args, s.Process.Env, s.Linux.Seccomp)
		}
		if user := slices.ContainsFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.UserNamespace }); user == (launched && p.Network.Mode != policy.NetworkEgress) {
			t.Fatalf("%s: a user namespace: %v", name, user)
		}
		for _, l := range p.Rlimits {
			there := slices.Contains(s.Process.Rlimits, specs.POSIXRlimit{Type: "RLIMIT_" + strings.ToUpper(l.Name), Soft: l.Value, Hard: l.Value})
			if there != (!launched || gvisor.Stored(l.Name)) {
				t.Fatalf("%s: limit %s is there: %v", name, l.Name, there)
			}
		}
	}
}

// checkWhole looks at everything but the mounts.
func checkWhole(t failer, p *policy.Policy, s *specs.Spec) {
	t.Helper()
	process, linux := s.Process, s.Linux
	if s.Root.Path != "rootfs" || !s.Root.Readonly || process.Terminal || !process.NoNewPrivileges || !path.IsAbs(process.Cwd) {
		t.Fatalf("root %+v, process %+v", s.Root, process)
	}
	if process.User.UID != 0 || process.User.GID != 0 || process.User.AdditionalGids != nil || process.User.Umask != nil || process.User.Username != "" {
		t.Fatalf("user %+v", process.User)
	}
	for set, names := range map[string][]string{
		"bounding": process.Capabilities.Bounding, "effective": process.Capabilities.Effective, "permitted": process.Capabilities.Permitted,
		"inheritable": process.Capabilities.Inheritable, "ambient": process.Capabilities.Ambient,
	} {
		if len(names) > 0 {
			t.Fatalf("%s capabilities %q", set, names)
		}
	}
	if len(s.Annotations) > 0 || s.Hooks != nil || s.Domainname != "" || s.Windows != nil || s.Solaris != nil || s.VM != nil || s.ZOS != nil {
		t.Fatalf("%+v", s)
	}
	if process.ApparmorProfile != "" || process.SelinuxLabel != "" || process.OOMScoreAdj != nil || process.IOPriority != nil ||
		process.Scheduler != nil || process.ExecCPUAffinity != nil || process.CommandLine != "" {
		t.Fatalf("%+v", process)
	}
	if linux.MaskedPaths != nil || linux.ReadonlyPaths != nil || linux.Devices != nil || linux.Sysctl != nil || linux.CgroupsPath != "" ||
		linux.RootfsPropagation != "" || linux.MountLabel != "" || linux.IntelRdt != nil || linux.Personality != nil || linux.TimeOffsets != nil {
		t.Fatalf("%+v", linux)
	}
	if r := linux.Resources; r != nil && ((r.Memory != nil) != (p.Process.Memory > 0) || r.Memory != nil && *r.Memory.Limit != int64(p.Process.Memory) ||
		(r.Pids != nil) != (p.Process.Pids > 0) || r.Pids != nil && r.Pids.Limit != int64(p.Process.Pids) || r.CPU != nil ||
		r.BlockIO != nil || r.Network != nil || r.Devices != nil || r.Unified != nil || r.Rdma != nil || r.HugepageLimits != nil) {
		t.Fatalf("%+v", r)
	}
	seen := map[string]bool{}
	once := func(what string, ok bool) {
		if !ok || seen[what] {
			t.Fatalf("runsc does not know %s, or it is there twice", what)
		}
		seen[what] = true
	}
	for _, l := range process.Rlimits {
		once(l.Type, slices.Contains(knownLimits, l.Type) && l.Soft == l.Hard)
	}
	for _, n := range linux.Namespaces {
		once(string(n.Type), slices.Contains(knownNamespaces, n.Type) && n.Path == "" || n.Type == specs.NetworkNamespace)
	}
	if seen[string(specs.UserNamespace)] != (len(linux.UIDMappings) == 1 && len(linux.GIDMappings) == 1) {
		t.Fatalf("namespaces %v, mappings %v %v", linux.Namespaces, linux.UIDMappings, linux.GIDMappings)
	}
	for _, m := range slices.Concat(linux.UIDMappings, linux.GIDMappings) {
		// Unmapped files seem to be 65534's, and 0 would be root itself.
		if m.ContainerID != 0 || m.HostID == 0 || m.HostID == 65534 || m.Size != 1 {
			t.Fatalf("mapping %+v", m)
		}
	}
	for _, v := range process.Env {
		if !strings.Contains(v, "=") {
			t.Fatalf("runsc does not start with the variable %q", v)
		}
	}
}

// checkFlags: each is one of those that we mean, once, and --oci-seccomp is there where a
// filter is.
func checkFlags(t failer, p *policy.Policy, s *specs.Spec, flags []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range flags {
		if !slices.Contains(knownFlags, f) || seen[f] {
			t.Fatalf("%q is no flag that we mean, or there twice", f)
		}
		seen[f] = true
	}
	for _, f := range []string{"--overlay2=none", "--host-uds=none", "--host-fifo=none", "--directfs=false", "--net-raw=false", "--allow-flag-override=false"} {
		if !seen[f] {
			t.Fatalf("no %s in %q", f, flags)
		}
	}
	if seen["--oci-seccomp"] != (s.Linux.Seccomp != nil) {
		t.Fatalf("a filter: %v, by %q", s.Linux.Seccomp != nil, flags)
	}
}

// checkNetwork: a launched guest in mode "egress" is in the keeper's network namespace, and
// one that nobody launched has no network then.
func checkNetwork(t failer, p *policy.Policy, s *specs.Spec, flags []string, launched bool) {
	t.Helper()
	flag, namespace, path := "--network=none", true, ""
	switch {
	case p.Network.Mode == policy.NetworkHost:
		flag, namespace = "--network=host", false
	case p.Network.Mode == policy.NetworkEgress && launched:
		flag, path = "--network=sandbox", gvisor.KeeperNetwork
	}
	for _, f := range []string{"--network=none", "--network=host", "--network=sandbox", "--network=sandbox"} {
		if slices.Contains(flags, f) != (f == flag) {
			t.Fatalf("network %s by %q", p.Network.Mode, flags)
		}
	}
	i := slices.IndexFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.NetworkNamespace })
	if (i >= 0) != namespace || namespace && s.Linux.Namespaces[i].Path != path {
		t.Fatalf("network %s with namespaces %v", p.Network.Mode, s.Linux.Namespaces)
	}
}

// checkMounts: parents come before children, every mount point is there, and says
// nothing that runsc would not do.
func checkMounts(t failer, s *specs.Spec, skeleton []compiler.Node, root *compiler.Root) {
	t.Helper()
	nodes := map[string]compiler.NodeKind{}
	for i, n := range skeleton {
		if i > 0 && n.Path <= skeleton[i-1].Path || n.Path != path.Clean(n.Path) || path.IsAbs(n.Path) || strings.HasPrefix(n.Path, "..") {
			t.Fatalf("the node %q after %q", n.Path, skeleton[max(i, 1)-1].Path)
		}
		if up := path.Dir(n.Path); up != "." && nodes[up] != compiler.NodeDirectory {
			t.Fatalf("the node %q comes before its directory", n.Path)
		}
		if n.Mode&^0o555 != 0 || (n.Kind == compiler.NodeLink) != (n.Target != "") || n.Kind == compiler.NodeLink && n.Mode != 0 {
			t.Fatalf("%+v", n)
		}
		nodes[n.Path] = n.Kind
	}
	at := map[string]specs.Mount{}
	var before []string
	for _, m := range s.Mounts {
		if m.Destination != path.Clean(m.Destination) || !path.IsAbs(m.Destination) || m.Destination == "/" {
			t.Fatalf("a mount on %q", m.Destination)
		}
		for _, other := range before {
			if under(other, m.Destination) {
				t.Fatalf("%s is mounted after %s", m.Destination, other)
			}
		}
		before = append(before, m.Destination)
		checkMount(t, m)
		// The mount that it lies on is the one with the longest path.
		above := ""
		for _, other := range before[:len(before)-1] {
			if under(m.Destination, other) && len(other) > len(above) {
				above = other
			}
		}
		node, there := nodes[s.Root.Path+m.Destination]
		on := at[above]
		switch {
		case above == "", strings.HasPrefix(on.Source, s.Root.Path+"/"), on.Type == "proc":
			if !there || node == compiler.NodeLink {
				t.Fatalf("%s has no mount point in the skeleton", m.Destination)
			}
		case on.Type == "bind":
			if kind, known := root.Kinds[m.Destination]; !known {
				t.Fatalf("%s has no mount point in %s", m.Destination, on.Source)
			} else if (kind == compiler.KindDirectory) != (m.Type == "tmpfs" || m.Source == "closed.d" || m.Source == root.Path+m.Destination && kind == compiler.KindDirectory) {
				t.Fatalf("%s %s is mounted on a %s", m.Type, m.Destination, kind)
			}
		default:
			if !under(m.Destination, "/sys/fs/cgroup") {
				t.Fatalf("%s is mounted into an empty directory", m.Destination)
			}
		}
		if above == "" && m.Type == "tmpfs" && node != compiler.NodeDirectory {
			t.Fatalf("%s is a tmpfs on a %s", m.Destination, node)
		}
		at[m.Destination] = m
	}
	// What runsc would add by itself.
	for dir, bound := range map[string]bool{"/proc": false, "/sys": false, "/dev": true, "/dev/pts": true, "/tmp": false} {
		if m, ok := at[dir]; !ok || bound && m.Type != "bind" {
			t.Fatalf("%s is left to runsc", dir)
		}
	}
}

func checkMount(t failer, m specs.Mount) {
	t.Helper()
	if !slices.Contains(knownTypes, m.Type) || m.UIDMappings != nil || m.GIDMappings != nil {
		t.Fatalf("%+v", m)
	}
	seen := map[string]bool{}
	for _, o := range m.Options {
		key, value, data := strings.Cut(o, "=")
		if seen[key] || data != slices.Contains(knownData, key) || !data && !slices.Contains(knownOptions, o) ||
			data && (m.Type != "tmpfs" || value == "" || strings.Trim(value, "0123456789") != "") {
			t.Fatalf("the option %q of %+v", o, m)
		}
		seen[key] = true
	}
	bind := m.Type == "bind"
	switch {
	case !seen["nosuid"], bind != seen["rbind"], seen["bind"], seen["ro"] && seen["rw"], seen["exec"], bind && !seen["ro"] && !seen["rw"]:
		t.Fatalf("%+v", m)
	case !seen["ro"] && !seen["noexec"]:
		t.Fatalf("what can be written can be executed: %+v", m)
	case m.Type == "tmpfs" && !seen["mode"], m.Type == "tmpfs" && seen["ro"] && !seen["size"]:
		t.Fatalf("runsc chooses for itself: %+v", m)
	}
}

// TestBindsShowTheirOwn: a bind shows the path that the policy names, or something of the
// bundle's, and never a path between.
func TestBindsShowTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		for _, m := range specOf(t, r.bundle, gvisor.LaunchedConfig).Mounts {
			if m.Type != "bind" {
				continue
			}
			e, named := r.policy.Filesystem.Entry(m.Destination)
			options := map[policy.PathMode]string{
				policy.ModeRead: "rbind nosuid ro noexec", policy.ModeExec: "rbind nosuid ro", policy.ModeMap: "rbind nosuid ro",
				policy.ModeWrite: "rbind nosuid rw noexec",
			}[e.Mode]
			switch {
			case named && e.Path == m.Destination && m.Source == r.root.Path+e.Path && strings.Join(m.Options, " ") == options:
			case (m.Source == "closed" || m.Source == "closed.d") && (under(m.Destination, "/proc") || named && e.Path == m.Destination && e.Mode == policy.ModeHide):
			case m.Source == "closed.d" && (m.Destination == "/sys" || m.Destination == "/tmp"):
			case m.Source == r.root.Host+m.Destination && slices.Contains(policy.MinimalDevices(), m.Destination):
			case m.Source == "rootfs"+m.Destination && slices.Contains([]string{"/dev", "/dev/pts", "/sys", "/tmp"}, m.Destination):
			default:
				t.Fatalf("%+v", m)
			}
		}
	})
}

// TestRootIsUsed: the paths of the program's root, and those of the host, each start where
// the target says; a policy cannot name another place.
func TestRootIsUsed(t *testing.T) {
	p := parse(t, "[filesystem]\nread = ['/data']\ndev = 'minimal'\n")
	for _, c := range []struct{ root, host string }{{"", ""}, {"/host", "/host"}, {"/host/images/x", "/host"}} {
		root := &compiler.Root{Path: c.root, Host: c.host, Kinds: map[string]compiler.PathKind{"/data": compiler.KindDirectory}}
		sources := map[string]string{}
		for _, m := range specOf(t, compileIn(t, p, root), gvisor.LaunchedConfig).Mounts {
			sources[m.Destination] = m.Source
		}
		if sources["/data"] != c.root+"/data" || sources["/dev/null"] != c.host+"/dev/null" {
			t.Errorf("%+v: %v", c, sources)
		}
	}
}

// TestSize: the size of a tmp directory is given in bytes, and one without has none, but
// that of the sentry's.
func TestSize(t *testing.T) {
	for size, want := range map[string]string{"'/t'": "", "{ path = '/t', size = '64MiB' }": "size=67108864", "{ path = '/t', size = 1 }": "size=1"} {
		s := specOf(t, compile(t, parse(t, fmt.Sprintf("[filesystem]\ntmp = [%s]\n", size))), gvisor.LaunchedConfig)
		i := slices.IndexFunc(s.Mounts, func(m specs.Mount) bool { return m.Destination == "/t" })
		got := ""
		for _, o := range s.Mounts[i].Options {
			if strings.HasPrefix(o, "size=") {
				got = o
			}
		}
		if got != want {
			t.Errorf("%s: %q", size, got)
		}
	}
}
