//go:build linux

package integration

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// baseTries are calls of the probe and how they end under the base lists; missing is the
// sentry's answer where no filter denies the call, if not the kernel's.
var baseTries = []struct{ text, outside, connector, standard, unrestricted, missing string }{
	{"syscall getpid", "ok", "ok", "ok", "ok", ""},
	{"syscall sched_yield", "ok", "ok", "ok", "ok", ""},
	{"syscall socket:AF_INET", "ok", "ok", "ok", "ok", ""},
	{"syscall socketpair:AF_UNIX", "ok", "ok", "ok", "ok", ""},

	{"syscall getppid", "ok", "EPERM", "ok", "ok", ""},
	{"syscall membarrier", "ok", "EPERM", "ok", "ok", ""},
	{"syscall prctl:PR_CAPBSET_READ", "ok", "EPERM", "ok", "ok", ""},
	{"syscall timerfd_create", "ok", "EPERM", "ok", "ok", ""},
	// ENOSYS has callers do without.
	{"syscall pidfd_open", "ok", "ENOSYS", "ok", "ok", ""},

	{"syscall ptrace", "ok", "EPERM", "EPERM", "ok", ""},
	{"syscall io_uring_setup", "ok", "EPERM", "EPERM", "ok", "ENOSYS"},
	{"syscall memfd_create", "ok", "EPERM", "EPERM", "ok", ""},
	{"syscall personality", "ok", "EPERM", "EPERM", "ok", ""},
	{"syscall userfaultfd", "ok", "EPERM", "EPERM", "ok", "ENOSYS"},
	{"syscall name_to_handle_at", "ok", "EPERM", "EPERM", "ok", "ENOTSUP"},
	{"syscall ioctl:TIOCSTI", "", "EPERM", "EPERM", "", ""},

	// What firejail and the guard deny also where the policy has no filter, as the coverage says.
	{"syscall unshare", "ok", "EPERM", "EPERM", "EPERM", "ok"},
}

// guarded are the answers of native's guard, in the place of those that allow.
var guarded = map[string]string{
	"syscall socket:AF_INET": "EAFNOSUPPORT", "syscall io_uring_setup": "ENOSYS", "syscall memfd_create": "ENOSYS",
}

// TestBases makes the same calls under each base list, and outside as a control.
func TestBases(t *testing.T) {
	var args []string
	for _, a := range baseTries {
		args = append(args, a.text)
	}
	outside := answers(t, finish(t, asConnector(exec.Command(probe, args...))).must(t, 0).stdout)
	for _, e := range engines {
		t.Run(string(e.backend), func(t *testing.T) {
			under := func(table string) map[string]string {
				cmd := e.launches[0].cmd(writePolicy(t, "", table), append([]string{probe}, args...)...)
				return answers(t, finish(t, cmd).must(t, 0).stdout)
			}
			connector, underDefault, unrestricted := under(ofBase("connector")), under(ofBase("default")), under(ofBase("unrestricted"))
			absent := under("[syscalls]\n" + accepted(compiler.GVisor, policy.ClauseFilesystemMap))
			for _, a := range baseTries {
				open, listed, standard := a.unrestricted, a.connector, a.standard
				if e.backend == compiler.GVisor && a.missing != "" {
					open = a.missing
				}
				if answer := guarded[a.text]; e.backend == compiler.Native && answer != "" {
					if open = answer; listed == "ok" {
						listed = answer
					}
					if standard == "ok" {
						standard = answer
					}
				}
				for _, tt := range []struct{ where, got, want string }{
					{"outside", outside[a.text], a.outside},
					{"connector", connector[a.text], listed},
					{"default", underDefault[a.text], standard},
					{"unrestricted", unrestricted[a.text], open},
					{"no [syscalls]", absent[a.text], listed},
				} {
					if tt.want != "" && tt.got != tt.want {
						t.Errorf("%s: %s ends with %s, expected %s", tt.where, a.text, tt.got, tt.want)
					}
				}
			}
		})
	}
}

// ofBase is a table with a base list, and what somebody has to sign for that.
func ofBase(base string) string {
	table := "[syscalls]\nbase = \"" + base + "\"\n" + accepted(compiler.GVisor, policy.ClauseFilesystemMap) + accepted(compiler.Native, policy.ClauseFilesystemMap)
	if base == "unrestricted" {
		table += accepted(compiler.Firejail, policy.ClauseSyscallsBase) + accepted(compiler.GVisor, policy.ClauseSyscallsBase)
	}
	return table
}

// TestUndoneClausesNeedASignature: a call that goes around another clause compiles
// only where somebody signed for it.
func TestUndoneClausesNeedASignature(t *testing.T) {
	for _, tt := range []struct {
		table, clause string
		backends      []compiler.Backend
	}{
		{"[syscalls]\nbase = \"unrestricted\"\n", policy.ClauseSyscallsBase, []compiler.Backend{compiler.Firejail, compiler.GVisor}},
		{"[syscalls]\nallow = [\"memfd_create\"]\n", policy.ClauseSyscallsAllow, []compiler.Backend{compiler.Firejail, compiler.GVisor}},
		{"[syscalls]\nallow = [\"io_uring_setup\"]\n", policy.ClauseSyscallsAllow, []compiler.Backend{compiler.Firejail}},
		{"[syscalls]\nallow = [\"mount\"]\n", policy.ClauseSyscallsAllow, []compiler.Backend{compiler.GVisor}},
		{"[syscalls]\nallow = [\"move_mount\"]\n", policy.ClauseSyscallsAllow, []compiler.Backend{compiler.GVisor}},
	} {
		for _, e := range engines {
			launch, table := e.launches[0].cmd, tt.table+accepted(compiler.GVisor, policy.ClauseFilesystemMap)
			if slices.Contains(tt.backends, e.backend) {
				wants(t, finish(t, launch(writePolicy(t, "", table), probe, "nothing")).must(t, 125), "nothing ran", tt.clause, "around")
				table += accepted(e.backend, tt.clause)
			}
			finish(t, launch(writePolicy(t, "", table), probe, "nothing")).must(t, 0)
		}
	}
}

// undoing are programs that start what no path of the policy lets be started. Each ends
// with 0 where it succeeds.
var undoing = map[string]string{
	"memfd_create": `import os
fd = os.memfd_create("x", 0)
os.write(fd, open("/usr/bin/true", "rb").read())
os.execv("/proc/self/fd/%d" % fd, ["x"])`,
	"mount": `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, CLONE_NEWNS, user, group = 0x10000000, 0x20000, os.getuid(), os.getgid()
if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS):
    raise OSError(ctypes.get_errno(), "unshare")
try:  # outside, nobody has a number in the new namespace
    for name, text in ("uid_map", "0 %d 1" % user), ("setgroups", "deny"), ("gid_map", "0 %d 1" % group):
        open("/proc/self/" + name, "w").write(text)
except OSError:
    pass
if libc.mount(b"none", b"/dev/shm", b"tmpfs", 0, None):
    raise OSError(ctypes.get_errno(), "mount")
with open("/dev/shm/x", "wb") as f:
    f.write(open("/usr/bin/true", "rb").read())
os.chmod("/dev/shm/x", 0o755)
os.execv("/dev/shm/x", ["x"])`,
}

// TestUndoneClausesAreUndone: what has to be signed for is really possible then, and not
// without.
func TestUndoneClausesAreUndone(t *testing.T) {
	for call, program := range undoing {
		finish(t, asConnector(exec.Command("/usr/bin/python3", "-c", program))).must(t, 0)
		for _, e := range engines {
			if call == "mount" && e.backend == compiler.Firejail || e.backend == compiler.Native {
				continue // it denies new namespaces, and the guard both, whatever the policy says
			}
			launch, exceptions := e.launches[0].cmd, accepted(compiler.GVisor, policy.ClauseFilesystemMap)
			const filesystem = "proc = \"self\"\ndev = \"minimal\""
			closed := writePolicy(t, filesystem, "[syscalls]\nbase = \"default\"\n"+exceptions)
			if o := finish(t, launch(closed, "/usr/bin/python3", "-c", program)).must(t, 1); !strings.Contains(o.stderr, "PermissionError") {
				t.Errorf("%s under %s: %s", call, e.backend, o.stderr)
			}
			exceptions += accepted(e.backend, policy.ClauseSyscallsAllow)
			open := writePolicy(t, filesystem, "[syscalls]\nbase = \"default\"\nallow = [\""+call+"\", \"unshare\"]\n"+exceptions)
			finish(t, launch(open, "/usr/bin/python3", "-c", program)).must(t, 0)
		}
	}
}

// TestUnrestrictedIsNoFilter counts the filters of the program: ours is one more than
// firejail's. The sentry does not count, and says whether there is one.
func TestUnrestrictedIsNoFilter(t *testing.T) {
	seen := func(launch launch, field, base string) string {
		file := writePolicy(t, "proc = \"self\"", ofBase(base))
		out := finish(t, launch.cmd(file, "/usr/bin/grep", "^"+field+":", "/proc/self/status")).must(t, 0).stdout
		return strings.TrimSpace(strings.TrimPrefix(out, field+":"))
	}
	with, without := seen(engines[0].launches[0], "Seccomp_filters", "default"), seen(engines[0].launches[0], "Seccomp_filters", "unrestricted")
	if len(with) != 1 || len(without) != 1 || with[0] != without[0]+1 {
		t.Errorf("%s filters under default, %s under unrestricted, expected one less", with, without)
	}
	const none, filter = "0", "2" // proc_pid_status(5)
	with, without = seen(engines[1].launches[0], "Seccomp", "default"), seen(engines[1].launches[0], "Seccomp", "unrestricted")
	if with != filter || without != none {
		t.Errorf("gVisor: mode %s under default, %s under unrestricted", with, without)
	}
}

// TestBasesRunPrograms: what the base lists are for runs in a guest, whose kernel is
// another one than that which they were made on.
func TestBasesRunPrograms(t *testing.T) {
	const python = `import concurrent.futures, decimal, hashlib, json, os, random, socket, sqlite3, ssl, subprocess, tempfile, threading, time, urllib.request, zlib
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    total = sum(pool.map(lambda n: len(hashlib.sha256(b"x" * n).hexdigest()), range(64)))
with tempfile.TemporaryDirectory() as d:
    db = sqlite3.connect(os.path.join(d, "x")); db.execute("create table t (n)"); db.executemany("insert into t values (?)", [(i,) for i in range(100)]); db.commit()
    total += db.execute("select sum(n) from t").fetchone()[0]
    os.rename(os.path.join(d, "x"), os.path.join(d, "y"))
here, there = socket.socketpair()
threading.Thread(target=lambda: there.sendall(b"hello")).start()
total += len(here.recv(5))
total += len(subprocess.run(["/usr/bin/echo", "four"], capture_output=True, check=True).stdout)
ssl.create_default_context(); time.sleep(0.01); random.random()
print(total)`
	const filesystem = "tmp = [\"/tmp\"]\nproc = \"self\"\ndev = \"minimal\""
	want := finish(t, asConnector(exec.Command("/usr/bin/python3", "-c", python))).must(t, 0).stdout
	if want == "" {
		t.Fatal("control: nothing printed outside")
	}
	for _, base := range []string{"connector", "default"} {
		file := writePolicy(t, filesystem, ofBase(base))
		for _, launch := range everywhere() {
			t.Run(base+" "+launch.name, func(t *testing.T) {
				if got := finish(t, launch.cmd(file, "/usr/bin/python3", "-c", python)).must(t, 0).stdout; got != want {
					t.Errorf("python: %q, expected %q", got, want)
				}
				// The probe is a Go program: threads, timers, signals and child processes.
				if got := answers(t, finish(t, launch.cmd(file, probe, "exec "+probe, "wait 10ms", "read /usr/bin")).must(t, 0).stdout); len(got) != 3 || got["exec "+probe] != "ok" {
					t.Errorf("Go: %v", got)
				}
				if got := finish(t, launch.cmd(file, "/usr/bin/sh", "-c", "for i in 1 2 3; do echo $i | cat; done | sort -r | head -n1")).must(t, 0).stdout; got != "3\n" {
					t.Errorf("sh: %q", got)
				}
			})
		}
	}
}
