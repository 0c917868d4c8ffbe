//go:build linux

package integration

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

const mountSource = "pkg/sentry/syscalls/linux/sys_mount.go"

// mountCalls is a program that makes calls of mount_namespaces(7), one for each line of
// its argument, and says what came of it.
const mountCalls = `import ctypes, errno, os, shutil, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
NEWUSER, NEWNS = 0x10000000, 0x20000
REMOUNT, BIND, DETACH = 32, 4096, 2
def call(name, *arguments):
    return "ok" if getattr(libc, name)(*arguments) == 0 else errno.errorcode[ctypes.get_errno()]
def execute(path):
    shutil.copy("/usr/bin/true", path)
    return "ok" if subprocess.call([path]) == 0 else "failed"
def fill(path, size):
    return "ok" if open(path, "w").write("x" * size) == size else "failed"
for line in sys.argv[1].splitlines():
    try: print(eval(line))
    except OSError as e: print(errno.errorcode[e.errno])
`

// mounting makes a guest of mountCalls.
func (b *runscBundle) mounting(lines ...string) *runscBundle {
	b.Process.Args = []string{"/usr/bin/python3", "-c", mountCalls, strings.Join(lines, "\n")}
	return b
}

// covered has a file and a directory of a bind hidden by other mounts, and a memory disk
// that is small and noexec.
func (b *runscBundle) covered(t *testing.T) *runscBundle {
	t.Helper()
	dir := b.shown(t)
	file(t, dir+"/hidden/secret", "the host's", 0o644)
	b.bind(dir, "/shown", "ro")
	b.bind("/dev/null", "/shown/one", "ro")
	b.tmpfs("/shown/hidden", "ro")
	b.tmpfs("/tmp", "noexec", "size=4k")
	return b
}

// TestTrapRunscGuestMounts: a guest without any capability has all of them in a user
// namespace that it makes, and mounts a memory disk there that is neither noexec nor small,
// whatever config.json has said of those it mounts. A filter that denies mount denies this;
// one that denies unshare does not, for clone(2) makes namespaces too.
func TestTrapRunscGuestMounts(t *testing.T) {
	b := newRunscBundle(t).covered(t).mounting(
		`execute("/tmp/true")`, `fill("/tmp/big", 1 << 20)`,
		`call("unshare", NEWUSER | NEWNS)`, `call("mount", b"none", b"/data", b"tmpfs", 0, None)`,
		`execute("/data/true")`, `fill("/data/big", 1 << 20)`)
	runscTrap(t, b.output(t), "ENOSPC ENOSPC ok ok ok ok", "denies a guest its own memory disk", mountSource)
	b.filtered(rule(specs.ActErrno, "mount"))
	runscControl(t, b.output(t), "ENOSPC ENOSPC ok EPERM EACCES EACCES", "a filter that denies mount")

	const unshare, clone = "syscall unshare", "syscall clone:CLONE_NEWUSER"
	b.Linux.Seccomp.Syscalls[0] = rule(specs.ActErrno, "unshare")
	got := b.try(t, unshare, clone)
	runscTrap(t, got[unshare]+" "+got[clone], "EPERM ok", "denies the namespaces of clone with those of unshare", seccompSource)
}

// TestTrapRunscMountsOfTheBundleStay: what config.json mounts, a guest can neither take away
// nor make writable in namespaces of its own. With CAP_SYS_ADMIN it can take it away, and
// reads what a memory disk covers. What a bind covers stays so, and ro stays: the gofer mounts
// these on the host too.
func TestTrapRunscMountsOfTheBundleStay(t *testing.T) {
	away := []string{
		`call("umount2", b"/shown/hidden", DETACH)`, `call("umount2", b"/shown/one", DETACH)`, `call("umount2", b"/tmp", DETACH)`,
	}
	change := []string{
		`call("mount", b"none", b"/shown", None, REMOUNT | BIND, None)`, `call("mount", b"none", b"/tmp", None, REMOUNT, None)`,
		`call("mount", b"/shown", b"/data", None, BIND, None)`,
	}
	show := []string{`open("/shown/one").read() == ""`, `os.listdir("/shown/hidden")`, `fill("/shown/two", 1)`}
	lines := append(append(append([]string{`call("unshare", NEWUSER | NEWNS)`}, away...), change...), show...)
	b := newRunscBundle(t).covered(t).mounting(lines...)
	runscControl(t, b.output(t), "ok EINVAL EINVAL EINVAL EPERM EPERM EINVAL True [] EROFS", "mounts of the bundle in namespaces of the guest's")

	b.Process.User = specs.User{}
	admin := []string{"CAP_SYS_ADMIN"}
	b.Process.Capabilities = &specs.LinuxCapabilities{Bounding: admin, Effective: admin, Permitted: admin}
	b.mounting(append(away, show...)...)
	runscTrap(t, b.output(t), "ok ok ok True ['secret'] EROFS", "keeps the mounts of the bundle from CAP_SYS_ADMIN", mountSource)
}
