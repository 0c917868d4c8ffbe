//go:build linux

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// unsignedForNative is the same policy without the exception that only a launch without
// namespaces needs.
func unsignedForNative(t *testing.T, filesystem, tables string) string {
	t.Helper()
	text := strings.Replace(readText(t, signedForNative(t, filesystem, tables)), accepted(compiler.Native, policy.ClauseFilesystemMap), "", 1)
	return file(t, filepath.Join(tree(t), "policy.toml"), text, 0o644)
}

var ownLaunches = []launch{{ownByRoot, ownNative}, {ownByUser, ownNativeByUser}}

// TestNativeNamespaces: what Landlock leaves open is closed where the launch can make
// namespaces, and no exception has to be signed for.
func TestNativeNamespaces(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "w"))
	policy := unsignedForNative(t, fmt.Sprintf("write = [%q]\ntmp = [\"/tmp\"]\nproc = \"self\"\ndev = \"minimal\"", dir), "")
	script := fmt.Sprintf(`
for d in %s /tmp /dev/shm; do cp /usr/bin/true $d/copy && %s $d/copy && echo "$d mapped"; done 2>/dev/null
(exec cat /proc/self/status) | grep -E '^(CapBnd|Seccomp):'
ls -d /proc/[0-9]* | wc -l
grep -c : /proc/self/net/dev
echo "signal $(kill -0 %d 2>&1 >/dev/null | grep -c .)"
`, dir, loader(t), os.Getpid())
	control := finish(t, asConnector(exec.Command("/usr/bin/sh", "-c", script))).must(t, 0).stdout
	if !strings.Contains(control, dir+" mapped\n") || !strings.Contains(control, "/dev/shm mapped\n") {
		t.Errorf("control: nothing is mapped:\n%s", control)
	}
	if err := os.RemoveAll("/dev/shm/copy"); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove("/tmp/copy")
	for _, l := range ownLaunches {
		o := finish(t, l.cmd(policy, "/usr/bin/sh", "-c", script)).must(t, 0)
		lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
		const few = 20
		var processes, devices int
		if len(lines) != 5 || lines[0] != "CapBnd:\t0000000000000000" || lines[1] != "Seccomp:\t2" || lines[4] != "signal 1" {
			t.Errorf("%s: found\n%s", l.name, o.stdout)
			continue
		}
		if n, err := fmt.Sscan(lines[2]+" "+lines[3], &processes, &devices); n != 2 || err != nil || processes < 3 || processes > few || devices != 1 {
			t.Errorf("%s: %s processes and %s devices of a network", l.name, lines[2], lines[3])
		}
		if !strings.Contains(o.stderr, "own namespaces") {
			t.Errorf("%s: %s", l.name, o.stderr)
		}
		for _, left := range []string{"/tmp/copy", "/dev/shm/copy"} {
			if exists(left) {
				t.Errorf("%s: %s is on the machine", l.name, left)
			}
		}
	}
}

// loader is the program that starts a dynamic one by mapping it.
func loader(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*-linux-gnu/ld-linux-*.so.*")
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

// TestNativeNamespacesAliases: Landlock knows a file by any path, so a mount of the machine's
// that shows it a second time shows it without a right to write or to execute.
func TestNativeNamespacesAliases(t *testing.T) {
	top := tree(t)
	above, alias := filepath.Join(top, "above"), filepath.Join(top, "alias")
	dir := owned(t, filepath.Join(above, "w"))
	if err := os.Mkdir(alias, 0o755); err != nil {
		t.Fatal(err)
	}
	policy := unsignedForNative(t, fmt.Sprintf("write = [%q]", dir), "")
	script := fmt.Sprintf(`
cp /usr/bin/true %[1]s/copy || exit 1
%[3]s %[1]s/copy && echo mapped
%[3]s %[2]s/copy && echo mapped by the other path
echo >%[2]s/new && echo written by the other path
test -r %[2]s/copy && echo read
rm %[1]s/copy`, dir, filepath.Join(alias, "w"), loader(t))
	mounted := func(cmd *exec.Cmd) *exec.Cmd {
		aliased := exec.Command("/usr/bin/unshare", append([]string{
			"--mount", "--propagation", "private", "/usr/bin/sh", "-c", `mount --bind "$0" "$1" && shift && exec "$@"`, above, alias,
		}, cmd.Args...)...)
		if cmd.SysProcAttr != nil {
			aliased.Args = slices.Insert(aliased.Args, len(aliased.Args)-len(cmd.Args), "/usr/bin/setpriv",
				"--reuid", connectorUser, "--regid", connectorUser, "--clear-groups", "--")
		}
		return aliased
	}
	control := finish(t, mounted(asConnector(exec.Command("/usr/bin/sh", "-c", script)))).must(t, 0)
	if want := "mapped\nmapped by the other path\nwritten by the other path\nread\n"; control.stdout != want {
		t.Errorf("control: %s", control.stdout)
	}
	for _, l := range ownLaunches {
		if o := finish(t, mounted(l.cmd(policy, "/usr/bin/sh", "-c", script))).must(t, 0); o.stdout != "read\n" {
			t.Errorf("%s: %s", l.name, o.stdout)
		}
	}
}

// TestNativeNamespacesTwice: where the second path may be mapped nothing runs.
func TestNativeNamespacesTwice(t *testing.T) {
	top := tree(t)
	dir, mapped := owned(t, filepath.Join(top, "w")), filepath.Join(top, "mapped")
	second := filepath.Join(mapped, "second")
	if err := os.MkdirAll(second, 0o755); err != nil {
		t.Fatal(err)
	}
	policy := strings.Replace(readText(t, unsignedForNative(t, fmt.Sprintf("write = [%q]", dir), "")), "\nmap = [", fmt.Sprintf("\nmap = [%q, ", mapped), 1)
	policy = file(t, filepath.Join(tree(t), "policy.toml"), policy, 0o644)
	finish(t, ownNative(policy, "/usr/bin/true")).must(t, 0)
	script := fmt.Sprintf("mount --bind %s %s && exec \"$@\"", dir, second)
	cmd := exec.Command("/usr/bin/unshare", append([]string{
		"--mount", "--propagation", "private", "/usr/bin/sh", "-c", script, "sh",
	}, ownNative(policy, "/usr/bin/echo", "ran").Args...)...)
	o := finish(t, cmd).must(t, refused)
	wants(t, o, "nothing ran", dir+" in "+second)
	if o.stdout != "" {
		t.Errorf("the program ran: %s", o.stdout)
	}
}

// TestNativeNamespacesNames: a name that another process of the user removes takes the mount
// of its entry along, and what it is given again stays what it was.
func TestNativeNamespacesNames(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "d"))
	entry, late := filepath.Join(dir, "entry"), filepath.Join(dir, "late")
	policy := unsignedForNative(t, fmt.Sprintf("read = [%q, %q]", entry, late+"?"), "")
	script := fmt.Sprintf("read word; %[1]s %[2]s && echo mapped; %[1]s %[3]s && echo mapped late; echo end", loader(t), entry, late)
	by := func(script string) {
		t.Helper()
		finish(t, asConnector(exec.Command("/usr/bin/sh", "-c", script))).must(t, 0)
	}
	for _, l := range ownLaunches {
		by("cp /usr/bin/true " + entry)
		words, word, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, func(policy string, program ...string) *exec.Cmd {
			cmd := l.cmd(policy, program...)
			cmd.Stdin = words
			return cmd
		}, policy, script)
		by(fmt.Sprintf("ln %[1]s %[2]s && rm %[1]s && ln %[2]s %[1]s", entry, late))
		if _, err := word.WriteString("go\n"); err != nil {
			t.Fatal(err)
		}
		_, _ = words.Close(), word.Close()
		if line := s.line(t); line != "end" {
			t.Errorf("%s: %s", l.name, line)
		}
		_ = s.Wait()
		by("rm " + entry + " " + late)
	}
}

// TestNativeNamespacesRefused: where none can be made, the launch is without, and says so;
// then the exception is needed. --no-namespaces does the same.
func TestNativeNamespacesRefused(t *testing.T) {
	const limit = `echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"`
	without := func(cmd *exec.Cmd) *exec.Cmd {
		limited := exec.Command("/usr/bin/sh", append([]string{"-c", limit, "sh"}, cmd.Args...)...)
		all := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1 << 16}}
		limited.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER, UidMappings: all, GidMappings: all, GidMappingsEnableSetgroups: true,
		}
		return limited
	}
	const readable = `read = ["/etc/hosts"]`
	signed, unsigned := signedForNative(t, readable, ""), unsignedForNative(t, readable, "")
	const program = "/usr/bin/true"
	for name, cmd := range map[string]func(string) *exec.Cmd{
		"none can be made": func(p string) *exec.Cmd { return without(ownNative(p, program)) },
		"by word":          func(p string) *exec.Cmd { return native(p, program) },
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, finish(t, cmd(signed)).must(t, 0), "no namespaces")
			wants(t, finish(t, cmd(unsigned)).must(t, refused), "nothing ran", "filesystem.map", "policy.toml:", "Landlock", `[[accept]] with backend = "native"`)
		})
	}
	wants(t, finish(t, ownNative(unsigned, program)).must(t, 0), "own namespaces")
	for _, backend := range []string{"gvisor", "firejail", "auto", "none"} {
		o := finish(t, exec.Command(confine, "run", "--backend", backend, "--no-namespaces", "--policy", signed, "--user", connectorUser, "--", program))
		wants(t, o.must(t, refused), "nothing ran", "--no-namespaces", "native")
	}
}

// TestNativeNamespacesMounts: where an entry cannot be mounted nothing runs, and the refusal
// names the line.
func TestNativeNamespacesMounts(t *testing.T) {
	dir := tree(t)
	closed := filepath.Join(dir, "closed", "below")
	if err := os.MkdirAll(closed, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(closed), 0o700); err != nil {
		t.Fatal(err)
	}
	plain := file(t, filepath.Join(dir, "plain"), "", 0o644)
	for _, filesystem := range []string{fmt.Sprintf("read = [%q]", closed), fmt.Sprintf("tmp = [%q]", plain)} {
		policy := unsignedForNative(t, filesystem, "")
		for _, l := range ownLaunches {
			o := finish(t, l.cmd(policy, "/usr/bin/echo", "ran")).must(t, refused)
			wants(t, o, "nothing ran", "policy.toml:7:", "--no-namespaces", "[[accept]]")
			if o.stdout != "" {
				t.Errorf("%s: %s", l.name, o.stdout)
			}
		}
	}
}

// TestNativeNamespacesSize: the size of a tmp entry also bounds what takes no page of it.
func TestNativeNamespacesSize(t *testing.T) {
	const pages = 64
	policy := unsignedForNative(t, fmt.Sprintf("tmp = [{ path = \"/tmp\", size = %d }]", pages*os.Getpagesize()), "")
	const script = "n=0; while [ $n -lt 1000 ] && true >/tmp/$n; do n=$((n+1)); done; echo $n"
	for _, l := range ownLaunches {
		o := finish(t, l.cmd(policy, "/usr/bin/sh", "-c", script)).must(t, 0)
		if got := strings.TrimSpace(o.stdout); got != fmt.Sprint(pages) {
			t.Errorf("%s: %s empty files", l.name, got)
		}
	}
}

// TestNativeNamespacesGroups: an ordinary caller's other groups stay, without a name.
func TestNativeNamespacesGroups(t *testing.T) {
	policy := signedForNative(t, "proc = \"self\"", "")
	const group = "24" // cdrom, of Debian
	byUser := exec.Command("/usr/bin/setpriv", append([]string{
		"--reuid", connectorUser, "--regid", connectorUser, "--groups", group, confine, "run", "--backend", "native", "--policy", policy, "--",
	}, "/usr/bin/grep", "^Groups:", "/proc/self/status")...)
	if got := strings.Fields(finish(t, byUser).must(t, 0).stdout); len(got) != 2 || got[1] != "65534" {
		t.Errorf("an ordinary caller's program has the groups %q", got)
	}
}
