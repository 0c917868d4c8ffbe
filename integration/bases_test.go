//go:build linux

package integration

import (
	"os/exec"
	"strings"
	"testing"

	"confine/policy"
)

// baseTries are calls of the probe and how they end under the base lists.
var baseTries = []struct{ text, outside, connector, standard, unrestricted string }{
	{"syscall getpid", "ok", "ok", "ok", "ok"},
	{"syscall sched_yield", "ok", "ok", "ok", "ok"},
	{"syscall socket:AF_INET", "ok", "ok", "ok", "ok"},
	{"syscall socketpair:AF_UNIX", "ok", "ok", "ok", "ok"},

	{"syscall getppid", "ok", "EPERM", "ok", "ok"},
	{"syscall membarrier", "ok", "EPERM", "ok", "ok"},
	{"syscall prctl:PR_CAPBSET_READ", "ok", "EPERM", "ok", "ok"},
	{"syscall timerfd_create", "ok", "EPERM", "ok", "ok"},
	// ENOSYS has callers do without.
	{"syscall pidfd_open", "ok", "ENOSYS", "ok", "ok"},

	{"syscall ptrace", "ok", "EPERM", "EPERM", "ok"},
	{"syscall io_uring_setup", "ok", "EPERM", "EPERM", "ok"},
	{"syscall memfd_create", "ok", "EPERM", "EPERM", "ok"},
	{"syscall personality", "ok", "EPERM", "EPERM", "ok"},
	{"syscall userfaultfd", "ok", "EPERM", "EPERM", "ok"},
	{"syscall name_to_handle_at", "ok", "EPERM", "EPERM", "ok"},
	{"syscall ioctl:TIOCSTI", "", "EPERM", "EPERM", ""},

	// What firejail denies also where the policy has no filter, as the coverage says.
	{"syscall unshare", "ok", "EPERM", "EPERM", "EPERM"},
}

// TestBases makes the same calls under each base list, and outside as a control.
func TestBases(t *testing.T) {
	var args []string
	for _, a := range baseTries {
		args = append(args, a.text)
	}
	outside := answers(t, finish(t, asConnector(exec.Command(probe, args...))).must(t, 0).stdout)
	under := map[string]map[string]string{}
	for _, base := range []string{"connector", "default", "unrestricted"} {
		file := writePolicy(t, "", ofBase(base))
		under[base] = answers(t, finish(t, confined(file, append([]string{probe}, args...)...)).must(t, 0).stdout)
	}
	absent := answers(t, finish(t, confined(writePolicy(t, "", "[syscalls]\n"), append([]string{probe}, args...)...)).must(t, 0).stdout)
	for _, a := range baseTries {
		for _, tt := range []struct{ where, got, want string }{
			{"outside", outside[a.text], a.outside},
			{"connector", under["connector"][a.text], a.connector},
			{"default", under["default"][a.text], a.standard},
			{"unrestricted", under["unrestricted"][a.text], a.unrestricted},
			{"no [syscalls]", absent[a.text], a.connector},
		} {
			if tt.want != "" && tt.got != tt.want {
				t.Errorf("%s: %s ends with %s, expected %s", tt.where, a.text, tt.got, tt.want)
			}
		}
	}
}

// ofBase is a table with a base list, and what somebody has to sign for that.
func ofBase(base string) string {
	table := "[syscalls]\nbase = \"" + base + "\"\n"
	if base == "unrestricted" {
		table += accepted(policy.ClauseSyscallsBase)
	}
	return table
}

// TestUndoneClausesNeedASignature: a call that goes around another clause compiles
// only where somebody signed for it.
func TestUndoneClausesNeedASignature(t *testing.T) {
	for table, clause := range map[string]string{
		"[syscalls]\nbase = \"unrestricted\"\n":      policy.ClauseSyscallsBase,
		"[syscalls]\nallow = [\"memfd_create\"]\n":   policy.ClauseSyscallsAllow,
		"[syscalls]\nallow = [\"io_uring_setup\"]\n": policy.ClauseSyscallsAllow,
	} {
		wants(t, finish(t, confined(writePolicy(t, "", table), probe, "nothing")).must(t, 125), "nothing ran", clause, "around")
		finish(t, confined(writePolicy(t, "", table+accepted(clause)), probe, "nothing")).must(t, 0)
	}
}

// TestUnrestrictedIsNoFilter counts the filters of the program: ours is one more than
// firejail's.
func TestUnrestrictedIsNoFilter(t *testing.T) {
	filters := func(base string) string {
		file := writePolicy(t, "proc = \"self\"", ofBase(base))
		out := finish(t, confined(file, "/usr/bin/grep", "^Seccomp_filters:", "/proc/self/status")).must(t, 0).stdout
		return strings.TrimSpace(strings.TrimPrefix(out, "Seccomp_filters:"))
	}
	with, without := filters("default"), filters("unrestricted")
	if len(with) != 1 || len(without) != 1 || with[0] != without[0]+1 {
		t.Errorf("%s filters under default, %s under unrestricted, expected one less", with, without)
	}
}
