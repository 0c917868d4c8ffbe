//go:build linux

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// TestSystemCallsOfThePolicy: allow opens what the base list and firejail's own list
// deny, deny closes what the base list allows, and nothing else changes. The launch
// also finds another canary than unshare for its filter.
func TestSystemCallsOfThePolicy(t *testing.T) {
	tries := []struct{ text, outside, base, firejail, gvisor, native string }{
		{"syscall ptrace", "ok", "EPERM", "ok", "ok", "ok"},
		// The sentry does not have it, and the guard denies it, as the coverage says.
		{"syscall io_uring_setup", "ok", "EPERM", "ok", "ENOSYS", "ENOSYS"},
		{"syscall personality", "ok", "EPERM", "ok", "ok", "ok"},
		{"syscall sched_yield", "ok", "ok", "EPERM", "EPERM", "EPERM"},
		{"syscall userfaultfd", "ok", "EPERM", "EPERM", "EPERM", "EPERM"},
		{"syscall name_to_handle_at", "ok", "EPERM", "EPERM", "EPERM", "EPERM"},
		// firejail's restrict-namespaces, and the guard, as the coverage says.
		{"syscall unshare", "ok", "EPERM", "EPERM", "ok", "EPERM"},
		// Its seccomp.block-secondary; the sentry knows no other personality.
		{"syscall personality(arg0=8)", "ok", "EPERM", "EPERM", "EINVAL", "ok"},
	}
	var args []string
	for _, a := range tries {
		args = append(args, a.text)
	}
	changed := writePolicy(t, "", `[syscalls]
allow = ["ptrace", "io_uring_setup", "personality", "unshare"]
deny  = ["sched_yield", "userfaultfd"]
`+accepted(compiler.Firejail, policy.ClauseSyscallsAllow)+accepted(compiler.GVisor, policy.ClauseFilesystemMap))
	plain := writePolicy(t, "", "[syscalls]\n"+accepted(compiler.GVisor, policy.ClauseFilesystemMap))
	outside := answers(t, finish(t, asConnector(exec.Command(probe, args...))).must(t, 0).stdout)
	for _, e := range engines {
		t.Run(string(e.backend), func(t *testing.T) {
			launch := e.launches[0].cmd
			base := answers(t, finish(t, launch(plain, append([]string{probe}, args...)...)).must(t, 0).stdout)
			inside := answers(t, finish(t, launch(changed, append([]string{probe}, args...)...)).must(t, 0).stdout)
			for _, a := range tries {
				if outside[a.text] != a.outside || base[a.text] != a.base {
					t.Errorf("control: %s: %s outside, %s under the base list, expected %s and %s",
						a.text, outside[a.text], base[a.text], a.outside, a.base)
				}
				want := map[compiler.Backend]string{compiler.Firejail: a.firejail, compiler.GVisor: a.gvisor, compiler.Native: a.native}[e.backend]
				if inside[a.text] != want {
					t.Errorf("%s: %s inside, expected %s", a.text, inside[a.text], want)
				}
			}
		})
	}
}

// TestDeniedCallKills: with on_deny = "kill" the first denied call ends the program,
// whose exit code says so; the message and the receipt name the call to whom the
// kernel tells it.
func TestDeniedCallKills(t *testing.T) {
	const rest = "allow = [\"personality\"]\ndeny = [\"getppid\"]\n" + survivableRules
	kill := writePolicy(t, "", "[syscalls]\nbase = \"default\"\non_deny = \"kill\"\n"+rest)
	errno := writePolicy(t, "", "[syscalls]\nbase = \"default\"\n"+rest)
	for _, c := range []struct{ text, call, clause string }{
		{"syscall getppid", "getppid", "syscalls.deny"},
		{"syscall kcmp", "kcmp", "syscalls"},
		{"syscall socket(arg0=AF_INET6)", "socket", "syscalls.rule"},
		{"syscall socket(arg0=0x10000000a)", "socket", "syscalls.rule"},
		{"syscall personality(arg0=0)", "personality", "syscalls.rule"},
	} {
		if got := answers(t, finish(t, asConnector(exec.Command(probe, c.text))).must(t, 0).stdout); got[c.text] != "ok" {
			t.Errorf("control: %s: %s outside", c.text, got[c.text])
		}
		if got := answers(t, finish(t, confined(errno, probe, c.text)).must(t, 0).stdout); got[c.text] != "EPERM" {
			t.Errorf("control: %s: %s where nothing kills", c.text, got[c.text])
		}
		for _, launch := range launches {
			receipt := filepath.Join(owned(t, filepath.Join(tree(t), "receipts")), "receipt.json")
			if launch.name == "root" {
				receipt = filepath.Join(tree(t), "receipt.json")
			}
			cmd := launch.cmd(kill, probe, "syscall getpid", c.text, "syscall sched_yield")
			cmd.Args = slices.Insert(cmd.Args, 2, "--receipt", receipt)
			o := finish(t, cmd).must(t, 128+int(unix.SIGSYS))
			got := answers(t, o.stdout)
			if len(got) != 1 || got["syscall getpid"] != "ok" {
				t.Errorf("%s by %s: the answers are %v", c.text, launch.name, got)
			}
			o.stdout = ""
			r := readReceipt(t, receipt)
			if r.Outcome != "proven" || r.End == nil || r.End.Code != 159 || r.End.Signal != "SIGSYS" {
				t.Fatalf("%s by %s: outcome %q, end %+v", c.text, launch.name, r.Outcome, r.End)
			}
			if launch.name != "root" {
				wants(t, o, "confine: ended: a system call that is denied", "dmesg")
				continue
			}
			wants(t, o, "confine: ended: the system call "+c.call+" is denied", r.End.At.String(), `on_deny = "errno"`)
			if r.End.Call != c.call || r.End.Clause != c.clause || r.End.At == nil || r.End.At.Line == 0 {
				t.Errorf("%s: end %+v at %v", c.text, r.End, r.End.At)
			}
		}
	}
}

// TestChildEndedByDeniedCall: a shell gives the code of what it waited for, and the
// message does not say more than is known.
func TestChildEndedByDeniedCall(t *testing.T) {
	kill := writePolicy(t, "", "[syscalls]\nbase = \"default\"\non_deny = \"kill\"\n")
	for _, launch := range launches {
		finish(t, launch.cmd(kill, "/usr/bin/sh", "-c", probe+" nothing; exit $?")).must(t, 0)
		o := finish(t, launch.cmd(kill, "/usr/bin/sh", "-c", probe+" 'syscall kcmp'; exit $?")).must(t, 159)
		wants(t, o, "confine: exit code 159: a system call that is denied ended the program, or a process of its own", "dmesg")
	}
	// Nothing is said of a code that has another cause, or could.
	if o := finish(t, confined(writePolicy(t, "", ""), "/usr/bin/sh", "-c", "exit 158")).must(t, 158); strings.Contains(o.stderr, "denied") {
		t.Errorf("%s", o.stderr)
	}
}

// killed is a policy whose denied calls kill, in a guest the thread alone.
func killed(t *testing.T, more string) string {
	t.Helper()
	return writePolicy(t, "", "wall_time = \"3s\"\n[syscalls]\nbase = \"default\"\non_deny = \"kill\"\n"+more+
		accepted(compiler.GVisor, policy.ClauseFilesystemMap)+accepted(compiler.GVisor, policy.ClauseSyscallsOnDeny))
}

// TestDeniedCallKillsInAGuest: the first denied call of a program with one thread ends
// it. Of a program with several the sentry ends the thread, which the policy has to
// accept: the others go on, or wait for it.
func TestDeniedCallKillsInAGuest(t *testing.T) {
	const call = "import ctypes, os; print(os.getpid() > 0, flush=True); ctypes.CDLL(None).syscall(%s); print('survived', flush=True)"
	python := func(number string) []string { return []string{"/usr/bin/python3", "-c", fmt.Sprintf(call, number)} }
	kcmp := strconv.Itoa(unix.SYS_KCMP)
	control := finish(t, asConnector(exec.Command(python(kcmp)[0], python(kcmp)[1:]...))).must(t, 0)
	if control.stdout != "True\nsurvived\n" {
		t.Errorf("control: %q outside", control.stdout)
	}
	kill := killed(t, "")
	for _, launch := range engines[1].launches {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			o := finish(t, launch.cmd(kill, python(kcmp)...)).must(t, 128+int(unix.SIGSYS))
			if o.stdout != "True\n" {
				t.Errorf("stdout: %q", o.stdout)
			}
			o.stdout = ""
			wants(t, o, "confine: ended: a system call that is denied", `on_deny = "errno"`)
			child := fmt.Sprintf("%s -c 'import ctypes; ctypes.CDLL(None).syscall(%s)'; exit $?", "/usr/bin/python3", kcmp)
			finish(t, launch.cmd(kill, "/usr/bin/sh", "-c", child)).must(t, 159)
			// The probe makes the call on a thread that its runtime then waits for.
			if o := finish(t, launch.cmd(kill, probe, "syscall getpid", "syscall kcmp")).must(t, 124); len(answers(t, o.stdout)) != 1 {
				t.Errorf("stdout: %q", o.stdout)
			}
		})
	}
	unsigned := writePolicy(t, "", "[syscalls]\non_deny = \"kill\"\n"+accepted(compiler.GVisor, policy.ClauseFilesystemMap))
	wants(t, finish(t, guest(unsigned, probe, "nothing")).must(t, 125), "nothing ran", "syscalls.on_deny", "thread")
}

// TestEveryCallOfTheStageMayBeDenied: the stage makes none under the filter but the
// one that starts the program, whatever the policy does to those that deny.
func TestEveryCallOfTheStageMayBeDenied(t *testing.T) {
	program := file(t, filepath.Join(filepath.Dir(probe), "exiting"), string(exiting()), 0o755)
	t.Cleanup(func() { os.Remove(program) })
	for _, launch := range everywhere() {
		for _, onDeny := range []string{"errno", "kill"} {
			finish(t, launch.cmd(strict(t, onDeny), program)).must(t, 0)
		}
	}
}

// strict denies the calls that a stage's runtime makes.
func strict(t *testing.T, onDeny string) string {
	t.Helper()
	exceptions := accepted(compiler.GVisor, policy.ClauseFilesystemMap)
	if onDeny == "kill" {
		exceptions += accepted(compiler.GVisor, policy.ClauseSyscallsOnDeny)
	}
	return writePolicy(t, "", "[rlimits]\nnofile = 100\n[syscalls]\non_deny = \""+onDeny+`"
deny = ["futex", "prlimit64", "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "sigaltstack", "close", "nanosleep", "mmap", "tgkill", "getpid"]
`+exceptions)
}

// TestEveryStartUnderTheStrictestFilter: none of many dies of a call that the stage's
// runtime makes, in threads that have nothing to do with the start.
func TestEveryStartUnderTheStrictestFilter(t *testing.T) {
	program := file(t, filepath.Join(filepath.Dir(probe), "exiting-often"), string(exiting()), 0o755)
	t.Cleanup(func() { os.Remove(program) })
	kill := strict(t, "kill")
	const starts, atOnce = 200, 4
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for i := range jobs {
				out, err := engines[1].launches[i%2].cmd(kill, program).CombinedOutput()
				if err != nil {
					t.Errorf("start %d: %v\n%s", i, err, out)
				}
			}
		})
	}
	for i := range starts {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
}
