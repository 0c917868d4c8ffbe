//go:build linux

package integration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
)

// pipes is why a name of a descriptor is an exception: stdin is a pipe here.
const pipes = "Landlock restricts no pipe that is opened again by a name in /proc/self/fd (its current limitations); the program has it open"

// noSockets and noExecDevice are what the sentry does otherwise.
var (
	noSockets    = other{inside: "ECONNREFUSED", because: "runsc lets a guest into no socket of the host's (--host-uds=none)"}
	noUnix       = other{inside: "EAFNOSUPPORT", because: "the guard makes no local sockets, and coverage says so"}
	noExecDevice = other{inside: "EPERM", because: "the device is a noexec mount, and coverage says so"}
)

// kinds are what can be asked of a directory with a file and a program in it.
var kinds = []string{
	"read DIR", "read DIR/file", "write DIR", "write DIR/file", "exec DIR/program", "map DIR/program",
}

// fileWorlds have entries of every mode, beside and inside one another, and the
// machine's own files.
func fileWorlds(t *testing.T) []world {
	return []world{
		filesWorld(t, "files", true, tooled), filesWorld(t, "files by the kernel alone", false, untooled), nothingWorld(t), nullInputWorld(t),
	}
}

// tooled and untooled are the launches with a tool that mounts, and without: Landlock takes
// nothing out of a directory that is written to, and leaves names that are there.
var (
	tooled   = []string{"firejail root", "firejail user", "gvisor root", "gvisor user"}
	untooled = []string{"native root", "native user"}
)

func filesWorld(t *testing.T, name string, mounts bool, launches []string) world {
	dir := tree(t)
	program, err := os.ReadFile(probe)
	if err != nil {
		t.Fatal(err)
	}
	var attempts []attempt
	subs := []string{"read", "map", "exec", "write", "hidden", "unnamed", "read/write", "read/hide", "map/read", "map/exec", "exec/read"}
	if mounts {
		subs = append(subs, "write/read", "write/hide")
	}
	for _, sub := range subs {
		path := filepath.Join(dir, sub)
		file(t, filepath.Join(path, "file"), strings.Repeat("x", 8192), 0o644)
		file(t, filepath.Join(path, "program"), string(program), 0o755)
		give(t, path)
		give(t, filepath.Join(path, "file"))
		for _, kind := range kinds {
			a := attempt{access: strings.ReplaceAll(kind, "DIR", path)}
			if sub == "map" && strings.HasPrefix(kind, "exec ") {
				a.gvisor = executeBit
			}
			attempts = append(attempts, a)
		}
	}
	give(t, file(t, filepath.Join(dir, "single", "named"), "x", 0o644))
	give(t, file(t, filepath.Join(dir, "single", "written"), "x", 0o644))
	file(t, filepath.Join(dir, "single", "sibling"), "x", 0o644)
	give(t, file(t, filepath.Join(dir, "gone", "file"), "x", 0o644))
	give(t, filepath.Join(dir, "gone"))
	planted := file(t, filepath.Join("/tmp", filepath.Base(dir)), "x", 0o644)
	t.Cleanup(func() { os.Remove(planted) })

	filesystem := strings.ReplaceAll(`
read = ["DIR/read", "DIR/write/read", "DIR/map/read", "DIR/exec/read", "DIR/single/named", "DIR/maybe?"]
write = ["DIR/write", "DIR/read/write", "DIR/single/written", "DIR/perhaps?"]
hide = ["DIR/hidden", "DIR/read/hide", "DIR/write/hide"]
absent = ["DIR/gone"]
tmp = ["/tmp"]
proc = "self"
dev = "minimal"
`, "DIR", dir)
	if !mounts {
		filesystem = strings.NewReplacer(fmt.Sprintf("%q, ", dir+"/write/read"), "", fmt.Sprintf(", %q", dir+"/write/hide"), "", fmt.Sprintf("absent = [%q]\n", dir+"/gone"), "").Replace(filesystem)
	}
	path := accessPolicy(t, []string{dir + "/exec", dir + "/map/exec"}, []string{dir + "/map"}, filesystem, "")

	for _, sub := range []string{"unnamed", "hidden", "gone"} {
		path := filepath.Join(dir, sub, "socket")
		listenUnix(t, path)
		attempts = append(attempts, attempt{
			access: "write " + path, deed: "unix " + path, inside: "denied",
			because: "the language has no access for it; what is hidden cannot be reached either",
		})
	}
	for _, sub := range []string{"read", "write"} {
		path := filepath.Join(dir, sub, "socket")
		listenUnix(t, path)
		attempts = append(attempts, attempt{
			deed: "unix " + path, inside: "ok",
			because: "the language has no access for it; Landlock has no right for it, and a read-only mount does not mind",
			gvisor:  noSockets,
			native:  noUnix,
		})
	}
	const never = "a file that is not there outside is not there inside"
	const empty = "a private directory starts empty"
	in := func(text string) string { return strings.ReplaceAll(text, "DIR", dir) }
	attempts = append(attempts, []attempt{
		{access: in("read DIR")},
		{access: in("read DIR/single")},
		{access: in("read DIR/single/named")},
		{access: in("write DIR/single/named"), deed: in("contents DIR/single/named")},
		{access: in("read DIR/single/written")},
		{access: in("write DIR/single/written"), deed: in("contents DIR/single/written")},
		{access: in("read DIR/single/sibling")},
		{access: in("read DIR/gone")},
		{access: in("read DIR/gone/file")},
		{access: in("write DIR/gone/file")},
		{access: in("read DIR/gone"), deed: in("stat DIR/gone"), inside: "ENOENT", because: "absent is not even a name"},
		{access: in("read DIR/gone/file"), deed: in("stat DIR/gone/file"), inside: "ENOENT", because: "absent is not even a name"},
		{deed: in("read DIR/maybe/file"), control: byNobody, inside: "ENOENT", because: never},
		{deed: in("write DIR/perhaps/file"), control: byNobody, inside: "denied", because: never},

		{access: "read /"},
		{access: "read /etc"},
		{access: "read /etc/passwd"},
		{access: "read /etc/shadow", control: byRoot},
		{access: "read /root", control: byRoot},
		{access: "read /home"},
		{access: "read /var"},
		{access: "read /var/lib"},
		{access: "read /run"},
		{access: "read /sys/kernel"},
		{access: "read /usr"},
		{access: "read /usr/share"},
		{access: "read /usr/bin"},
		{access: "read /usr/bin/env"},
		{access: "map /usr/bin/env"},
		{access: "exec /usr/bin/true"},
		{access: "write /usr/bin/env", deed: "append /usr/bin/env", control: byRoot},
		{access: "map " + libc(t)},
		{access: "write /srv", control: byRoot},

		{access: "write /tmp"},
		{access: "write /tmp/confine-access", deed: "fill /tmp/confine-access=65536"},
		{access: "exec /tmp/confine-access", deed: "execcopy /tmp/confine-access"},
		{access: "map /tmp/confine-access", deed: "mapcopy /tmp/confine-access"},
		{deed: "read " + planted, inside: "ENOENT", because: empty, native: other{inside: "EACCES", because: "the directory itself is closed"}},
		{access: "write /var/tmp"},
		{access: in("exec DIR/write/copy"), deed: in("execcopy DIR/write/copy")},
		{access: in("map DIR/write/copy"), deed: in("mapcopy DIR/write/copy")},

		{access: "read /proc"},
		{access: "read /proc/self/status"},
		{access: "read /proc/thread-self/status"},
		{access: "read /proc/1/status"},
		{access: "read /proc/mounts"},
		{access: "read /proc/net/dev"},
		{access: "write /proc/self/comm", deed: "append /proc/self/comm"},
		{access: "read /proc/cpuinfo"},
		{access: "read /proc/sys/kernel/hostname"},
		{access: "read /proc/sys"},

		{access: "read /dev"},
		{access: "read /dev/null"},
		{access: "write /dev/null"},
		{access: "read /dev/zero"},
		{access: "map /dev/zero", gvisor: noExecDevice},
		{access: "write /dev/full"},
		{access: "read /dev/random"},
		{access: "read /dev/urandom"},
		{deed: "read /dev/tty", outside: "ENXIO", inside: "ENXIO", because: "without a terminal the device is there and says so"},
		{access: "read /dev/ptmx"},
		{access: "read /dev/kmsg", control: byRoot},
		{access: "read /dev/fd/0"},
		{access: "read /dev/stdin"},
		{deed: "append /dev/stdin", only: compiler.Firejail, inside: "ok", because: pipes},
		{access: "write /dev/stdin", deed: "append /dev/stdin", only: compiler.GVisor, because: "under firejail the descriptor decides, and not the path"},
		{access: "write /dev/shm"},
		{access: "exec /dev/shm/confine-access", deed: "execcopy /dev/shm/confine-access"},
	}...)
	if !mounts {
		attempts = slices.DeleteFunc(attempts, func(a attempt) bool { return a.inside == "ENOENT" && strings.Contains(a.deed, "/gone") })
	}
	return world{name: name, policy: path, attempts: attempts, launches: launches}
}

// listenUnix listens on a path that anybody may connect to.
func listenUnix(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	openToAll(t, path)
}

// openToAll lets anybody connect to a socket that has a file.
func openToAll(t *testing.T, path string) {
	t.Helper()
	if path[0] == '@' {
		return
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
}

// nothingWorld has neither /proc nor /dev nor a temporary directory.
func nothingWorld(t *testing.T) world {
	var attempts []attempt
	for _, text := range []string{
		"read /proc", "read /proc/self/status", "read /proc/mounts", "read /proc/net/dev", "read /proc/1/status",
		"read /dev", "read /dev/null", "write /dev/null", "read /dev/zero", "map /dev/zero", "read /dev/urandom",
		"write /dev/shm", "write /tmp", "read /tmp", "exec /usr/bin/true",
	} {
		attempts = append(attempts, attempt{access: text})
	}
	for _, path := range []string{"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"} {
		attempts = append(attempts,
			attempt{deed: "read " + path, only: compiler.Firejail, inside: "ok", because: pipes},
			attempt{access: "read " + path, only: compiler.GVisor, because: "under firejail the descriptor decides, and not the path"})
	}
	return world{name: "no proc, no dev", policy: accessPolicy(t, nil, nil, "proc = \"none\"\ndev = \"none\"", ""), attempts: attempts}
}

// nullInputWorld has the host's /dev/null for its stdin.
func nullInputWorld(t *testing.T) world {
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	const because = "the descriptor decides, and this one is a device of the host's, which Landlock does not know"
	const relayed = "in a guest it is a pipe, and the runner carries what comes from the device"
	return world{
		name: "null device as stdin", policy: accessPolicy(t, nil, nil, "proc = \"self\"\ndev = \"minimal\"", ""), stdin: null,
		attempts: []attempt{
			{access: "read /dev/null"},
			{deed: "read /dev/stdin", only: compiler.Firejail, inside: "EACCES", because: because},
			{deed: "read /proc/self/fd/0", only: compiler.Firejail, inside: "EACCES", because: because},
			{access: "read /dev/stdin", only: compiler.GVisor, because: relayed},
			{access: "read /proc/self/fd/0", only: compiler.GVisor, because: relayed},
		},
	}
}

// linkWorlds have other names for what they show.
func linkWorlds(t *testing.T) []world {
	dir := tree(t)
	file(t, filepath.Join(dir, "v2", "file"), "x", 0o644)
	if err := os.Symlink("v2", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "v2", "elsewhere")); err != nil {
		t.Fatal(err)
	}
	run, err := os.MkdirTemp("/run", "confine-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	if err := os.Chmod(run, 0o755); err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Join(run, "file"), "x", 0o644)
	write := owned(t, filepath.Join(run, "write"))

	policyWith := func(filesystem string) string {
		path := accessPolicy(t, nil, nil, filesystem, "")
		links := fmt.Sprintf("links = { %q = %q, \"/var/run\" = \"/run\", ", filepath.Join(dir, "current"), filepath.Join(dir, "v2"))
		return file(t, path, strings.Replace(readText(t, path), "links = { ", links, 1), 0o644)
	}
	const links = "filesystem.links"
	shown := []attempt{
		{access: "exec /bin/true", clause: links},
		{access: "read /bin/env", clause: links},
		{access: "map " + strings.TrimPrefix(libc(t), "/usr"), clause: links},
		{access: "read /sbin", clause: links},
		{access: "read " + filepath.Join(dir, "current"), clause: links},
		{access: "read " + filepath.Join(dir, "current", "file"), clause: links},
		{
			deed: "read " + filepath.Join(dir, "v2", "elsewhere"), inside: "denied",
			because: "a link inside an entry leads to what is hidden; the access is that of the place",
		},
		{access: "read /var/run/" + filepath.Base(run) + "/file", clause: links},
		{access: "write /var/run/" + filepath.Base(run) + "/write", clause: links},
		{access: "read /var/run", clause: links},
		{access: "read " + filepath.Join(run, "file")},
	}
	named := fmt.Sprintf("read = [%q, %q, \"/var\"]\nwrite = [%q]", filepath.Join(dir, "v2"), run, write)
	hidden := fmt.Sprintf("read = [%q, %q]", filepath.Join(dir, "v2"), run)
	return []world{
		{name: "links", policy: policyWith(named), attempts: shown},
		{name: "links in a hidden directory", policy: policyWith(hidden), attempts: []attempt{
			{
				access: "read /var/run/" + filepath.Base(run) + "/file", clause: links,
				firejail: other{inside: "denied", because: "the alias is hidden with /var"},
			},
			{access: "read " + filepath.Join(run, "file")},
		}},
	}
}

// libc is a library that every policy of the tests may map.
func libc(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*-linux-gnu/libc.so.6")
	if err != nil || len(found) == 0 {
		t.Fatalf("no libc.so.6: %v", err)
	}
	return found[0]
}

// tmpWorlds have private directories with a size, which take a root caller.
func tmpWorlds(t *testing.T) []world {
	dir := owned(t, filepath.Join(tree(t), "scratch"))
	give(t, file(t, filepath.Join(dir, "file"), "x", 0o644))
	inside := filepath.Join(dir, "made")
	const size = 1 << 20
	filesystem := fmt.Sprintf("tmp = [\"/tmp\", { path = %q, size = %d }]\nproc = \"self\"", dir, size)
	path := accessPolicy(t, nil, nil, filesystem, "")
	attempts := []attempt{
		{access: "write " + dir},
		{access: "read " + dir},
		{access: "write " + inside, deed: fmt.Sprintf("fill %s=%d", inside, size)},
		{deed: fmt.Sprintf("fill %s=%d", inside, size+1), inside: "ENOSPC", because: "the size is an amount, not an access"},
		{access: "exec " + inside, deed: "execcopy " + inside, inside: "copy: ENOSPC", because: "the probe is larger than the directory"},
		{deed: "read " + filepath.Join(dir, "file"), inside: "ENOENT", because: "a private directory starts empty"},
		{access: "exec /tmp/confine-access", deed: "execcopy /tmp/confine-access"},
	}
	none := []attempt{{
		access: "write " + dir, inside: noAnswer,
		because: "only root can mount for firejail: the launch is refused",
	}}
	return []world{
		{name: "tmp with a size", policy: path, attempts: attempts, launches: []string{"firejail root", "gvisor root", "gvisor user", ownByRoot, ownByUser}},
		{name: "tmp with a size, refused", policy: path, attempts: none, launches: []string{"firejail user"}, code: refused},
	}
}
