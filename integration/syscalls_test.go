//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"confine/policy"

	"golang.org/x/sys/unix"
)

// TestSystemCallsOfThePolicy: allow opens what the base list and firejail's own list
// deny, deny closes what the base list allows, and nothing else changes. The launch
// also finds another canary than unshare for its filter.
func TestSystemCallsOfThePolicy(t *testing.T) {
	tries := []struct{ text, outside, base, inside string }{
		{"syscall ptrace", "ok", "EPERM", "ok"},
		{"syscall io_uring_setup", "ok", "EPERM", "ok"},
		{"syscall personality", "ok", "EPERM", "ok"},
		{"syscall sched_yield", "ok", "ok", "EPERM"},
		{"syscall userfaultfd", "ok", "EPERM", "EPERM"},
		{"syscall name_to_handle_at", "ok", "EPERM", "EPERM"},
		// firejail's restrict-namespaces, as the coverage says.
		{"syscall unshare", "ok", "EPERM", "EPERM"},
		// Its seccomp.block-secondary.
		{"syscall personality(arg0=8)", "ok", "EPERM", "EPERM"},
	}
	var args []string
	for _, a := range tries {
		args = append(args, a.text)
	}
	changed := writePolicy(t, "", `[syscalls]
allow = ["ptrace", "io_uring_setup", "personality", "unshare"]
deny  = ["sched_yield", "userfaultfd"]
`+accepted(policy.ClauseSyscallsAllow))
	outside := answers(t, finish(t, asConnector(exec.Command(probe, args...))).must(t, 0).stdout)
	base := answers(t, finish(t, confined(writePolicy(t, "", "[syscalls]\n"), append([]string{probe}, args...)...)).must(t, 0).stdout)
	inside := answers(t, finish(t, confined(changed, append([]string{probe}, args...)...)).must(t, 0).stdout)
	for _, a := range tries {
		if outside[a.text] != a.outside || base[a.text] != a.base {
			t.Errorf("control: %s: %s outside, %s under the base list, expected %s and %s",
				a.text, outside[a.text], base[a.text], a.outside, a.base)
		}
		if inside[a.text] != a.inside {
			t.Errorf("%s: %s inside, expected %s", a.text, inside[a.text], a.inside)
		}
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

// TestEveryCallOfTheStageMayBeDenied: the stage makes none under the filter but the
// one that starts the program, whatever the policy does to those that deny.
func TestEveryCallOfTheStageMayBeDenied(t *testing.T) {
	deny := `deny = ["futex", "prlimit64", "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "sigaltstack", "close", "nanosleep", "mmap", "tgkill", "getpid"]`
	program := file(t, filepath.Join(filepath.Dir(probe), "exiting"), string(exiting()), 0o755)
	t.Cleanup(func() { os.Remove(program) })
	for _, launch := range launches {
		for _, onDeny := range []string{"errno", "kill"} {
			policy := writePolicy(t, "", "[rlimits]\nnofile = 100\n[syscalls]\non_deny = \""+onDeny+"\"\n"+deny+"\n")
			finish(t, launch.cmd(policy, program)).must(t, 0)
		}
	}
}
