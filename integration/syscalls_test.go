//go:build linux

package integration

import (
	"os/exec"
	"testing"
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
	}
	var args []string
	for _, a := range tries {
		args = append(args, a.text)
	}
	changed := writePolicy(t, "", `[syscalls]
allow = ["ptrace", "io_uring_setup", "personality", "unshare"]
deny  = ["sched_yield", "userfaultfd"]
`)
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

// TestRulesOfSystemCallsAreRefused: what nothing enforces yet starts nothing.
func TestRulesOfSystemCallsAreRefused(t *testing.T) {
	rule := writePolicy(t, "", "[[syscalls.rule]]\nsyscall = \"socket\"\nwhen = [\"arg0 == AF_UNIX\"]\n")
	wants(t, finish(t, confined(rule, "/usr/bin/true")).must(t, 125), "nothing ran", "[[syscalls.rule]] is not enforced by this version")
	kill := writePolicy(t, "", "[syscalls]\non_deny = \"kill\"\n")
	wants(t, finish(t, confined(kill, "/usr/bin/true")).must(t, 125), "nothing ran", "on_deny")
}
