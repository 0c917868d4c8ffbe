//go:build linux

package integration

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// before runs a command of either caller after lines of sh(1) of root's. More words are
// those of unshare(1).
func before(cmd *exec.Cmd, script string, unshare ...string) *exec.Cmd {
	args := append(slices.Clone(unshare), "--", "/usr/bin/sh", "-c", "set -e\n"+script+"\nexec \"$@\"", "sh")
	wrapped := exec.Command("/usr/bin/unshare", append(args, asWrapped(cmd)...)...)
	wrapped.Env, wrapped.Dir = cmd.Env, cmd.Dir
	return wrapped
}

// container are the words that make what a container is: a PID namespace without kernel
// threads, and a /proc for it.
var container = []string{"--pid", "--fork", "--mount-proc", "--kill-child"}

// inUserNamespace starts a command in a user namespace in which everybody is who they are
// outside, and root is root of that namespace only.
func inUserNamespace(cmd *exec.Cmd) *exec.Cmd {
	everybody := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1 << 16}}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: everybody, GidMappings: everybody, GidMappingsEnableSetgroups: true,
		Credential: &syscall.Credential{Uid: 0, Gid: 0},
	}
	return cmd
}

// dockerCapabilities are what Docker gives root by default.
const dockerCapabilities = "--bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap"

// withFewCapabilities starts a command as root with those.
func withFewCapabilities(cmd *exec.Cmd) *exec.Cmd {
	words := append([]string{"/usr/bin/setpriv", dockerCapabilities}, asWrapped(cmd)...)
	return &exec.Cmd{Path: words[0], Args: words, Env: cmd.Env, Dir: cmd.Dir}
}

// noUserNamespaces is a filter as Docker's default profile has one for containers without
// CAP_SYS_ADMIN: clone(2) and unshare(2) without new namespaces, and no clone3(2).
const noUserNamespaces = `import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
clone, unshare, clone3 = {"x86_64": (56, 272, 435), "aarch64": (220, 97, 435)}[os.uname().machine]
NAMESPACES = 0x7e020000
EPERM, ENOSYS = 1, 38
def op(code, k, jt=0, jf=0): return struct.pack("HBBI", code, jt, jf, k)
LOAD, EQUAL, ANY, GIVE = 0x20, 0x15, 0x45, 0x06
ALLOW, ERRNO = 0x7fff0000, 0x00050000
program = [
    op(LOAD, 0),
    op(EQUAL, clone3, 6, 0),
    op(EQUAL, clone, 1, 0),
    op(EQUAL, unshare, 0, 2),
    op(LOAD, 16),
    op(ANY, NAMESPACES, 1, 0),
    op(GIVE, ALLOW),
    op(GIVE, ERRNO | EPERM),
    op(GIVE, ERRNO | ENOSYS),
]
code = b"".join(program)
buffer = ctypes.create_string_buffer(code)
fprog = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
if libc.prctl(22, 2, fprog, 0, 0) != 0: sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
`

func TestGuestInAContainer(t *testing.T) {
	policy := guestPolicy(t, "proc = \"self\"\ndev = \"minimal\"\ntmp = [\"/tmp\"]", "")
	program := []string{"/usr/bin/sh", "-c", "echo x >/tmp/made && cat /tmp/made && exit 3"}
	for _, caller := range guestCallers {
		for name, cmd := range map[string]*exec.Cmd{
			"PID namespace":          before(caller.cmd(policy, program...), "", container...),
			"user namespace":         inUserNamespace(before(caller.cmd(policy, program...), "", "--mount")),
			"PID and user namespace": inUserNamespace(before(caller.cmd(policy, program...), "", container...)),
			"few capabilities":       before(withFewCapabilities(caller.cmd(policy, program...)), "", container...),
		} {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				if o := finish(t, cmd).must(t, 3); o.stdout != "x\n" || !strings.Contains(o.stderr, "gvisor") {
					t.Errorf("%q\n%s", o.stdout, o.stderr)
				}
			})
		}
	}
}

// firejail sees that there is no kernel thread and would run the program bare; auto takes
// what confines.
func TestAutoInAContainer(t *testing.T) {
	policy := guestPolicy(t, "proc = \"self\"", "")
	for _, caller := range guestCallers {
		cmd := withBackend(caller.cmd(policy, "/usr/bin/true"), "auto")
		if o := finish(t, before(cmd, "", container...)).must(t, 0); !strings.Contains(o.stderr, "confine: gvisor") {
			t.Errorf("%s: %s", caller.name, o.stderr)
		}
	}
}

// withBackend changes the backend of a command.
func withBackend(cmd *exec.Cmd, name string) *exec.Cmd {
	for i, word := range cmd.Args {
		if word == "--backend" {
			cmd.Args[i+1] = name
		}
	}
	return cmd
}

func TestGuestWhereItCannotBeMade(t *testing.T) {
	policy := guestPolicy(t, "", "")
	for _, caller := range guestCallers {
		for _, tc := range []struct {
			name string
			cmd  *exec.Cmd
			says []string
		}{
			{
				"no user namespaces are left", inUserNamespace(before(caller.cmd(policy, "/usr/bin/true"), "echo 0 >/proc/sys/user/max_user_namespaces", "--mount")),
				[]string{"no space left on device", "user.max_user_namespaces"},
			},
			{
				"in a container", inUserNamespace(before(caller.cmd(policy, "/usr/bin/true"), "echo 0 >/proc/sys/user/max_user_namespaces", container...)),
				[]string{"no space left on device", "docker run --security-opt seccomp=FILE"},
			},
			{
				"the profile of a container denies them", before(filtered(caller.cmd(policy, "/usr/bin/true")), "", container...),
				[]string{"operation not permitted", "docker run --security-opt seccomp=FILE", "clone, mount, umount2, pivot_root, chroot,", "open_tree and move_mount"},
			},
			{
				"a part of /proc is masked", before(caller.cmd(policy, "/usr/bin/true"), "mount -t tmpfs -o ro none /proc/sys", container...),
				[]string{"mount /proc: operation not permitted", "--security-opt systempaths=unconfined"},
			},
		} {
			t.Run(caller.name+"/"+tc.name, func(t *testing.T) {
				wants(t, finish(t, tc.cmd).must(t, 125), append(tc.says, "nothing ran", "this caller cannot make the namespaces that runsc needs")...)
			})
		}
	}
}

// filtered is a command under the filter of a container.
func filtered(cmd *exec.Cmd) *exec.Cmd {
	words := append([]string{"/usr/bin/python3.11", "-c", noUserNamespaces}, asWrapped(cmd)...)
	return &exec.Cmd{Path: words[0], Args: words, Env: cmd.Env, Dir: cmd.Dir}
}
