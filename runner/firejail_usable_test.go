//go:build linux

package runner

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"confine/policy"
)

func TestFirejailProblems(t *testing.T) {
	const sysAdmin, netAdmin = CapabilitySet(1) << unix.CAP_SYS_ADMIN, CapabilitySet(1) << unix.CAP_NET_ADMIN
	// What Docker gives a container by default.
	const docker = CapabilitySet(0x00000000a80425fb)
	usable := Host{
		Kernel: "6.1.0", Landlock: 2, Firejail: FirejailStatus{Path: "/usr/bin/firejail", Version: "0.9.72"},
		Caller: Caller{UID: 1000, Bounding: CapabilitySet(^uint64(0)), KernelThreads: true},
	}
	for _, tc := range []struct {
		name     string
		mode     policy.NetworkMode
		change   func(h *Host)
		messages []string
	}{
		{name: "a Debian host", change: func(*Host) {}},
		{name: "a container that was granted both", change: func(h *Host) {
			h.Caller.KernelThreads, h.Caller.Bounding = false, docker|sysAdmin|netAdmin
		}},
		{name: "a plain container", change: func(h *Host) {
			h.Caller.KernelThreads, h.Caller.Bounding = false, docker
		}, messages: []string{"firejail would start this program without any sandbox"}},
		{name: "a container without NET_ADMIN, network none", mode: policy.NetworkNone, change: func(h *Host) {
			h.Caller.KernelThreads, h.Caller.Bounding = false, docker|sysAdmin
		}, messages: []string{"firejail would start this program without any sandbox"}},
		{name: "a container without NET_ADMIN, network host", mode: policy.NetworkHost, change: func(h *Host) {
			h.Caller.KernelThreads, h.Caller.Bounding = false, docker|sysAdmin
		}},
		{name: "a host without SYS_ADMIN", change: func(h *Host) {
			h.Caller.Bounding &^= sysAdmin
		}, messages: []string{"firejail cannot get the capabilities"}},
		{name: "a host without what Docker gives", change: func(h *Host) {
			h.Caller.Bounding &^= docker
		}, messages: []string{"firejail cannot get the capabilities"}},
		{name: "a container without SYS_ADMIN, and two of what Docker gives", change: func(h *Host) {
			h.Caller.KernelThreads, h.Caller.Bounding = false, docker&^(1<<unix.CAP_SETUID|1<<unix.CAP_MKNOD)
		}, messages: []string{"firejail would start this program without any sandbox"}},
		{name: "no_new_privs", change: func(h *Host) { h.Caller.NoNewPrivs = true }, messages: []string{"the caller has no_new_privs"}},
		{name: "no_new_privs, as root", change: func(h *Host) {
			h.Caller.NoNewPrivs, h.Caller.UID = true, 0
		}, messages: []string{"the caller has no_new_privs"}},
		{name: "a uid without a name", change: func(h *Host) { h.Caller.Unnamed = true }, messages: []string{"a user that it cannot look up"}},
		{name: "root, and no /etc/passwd", change: func(h *Host) { h.Caller.Unnamed, h.Caller.UID = true, 0 }},
		{name: "no Landlock", change: func(h *Host) { h.Landlock = 0 }, messages: []string{"this kernel has no Landlock"}},
		{name: "what the probe found comes first", change: func(h *Host) {
			h.Landlock = 0
			h.Firejail.Problems = []Problem{{Message: "firejail is not installed"}}
		}, messages: []string{"firejail is not installed", "this kernel has no Landlock"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := usable
			tc.change(&h)
			problems := h.FirejailProblems(tc.mode)
			if len(problems) != len(tc.messages) {
				t.Fatalf("got %d problems, want %d: %+v", len(problems), len(tc.messages), problems)
			}
			for i, p := range problems {
				mustContain(t, "message", p.Message, tc.messages[i])
			}
		})
	}
}

// The options are those that a container lacks, as docker run takes them.
func TestMissingGrants(t *testing.T) {
	h := Host{Caller: Caller{UID: 1000, Bounding: 1<<unix.CAP_SETGID | 1<<unix.CAP_SETUID | 1<<unix.CAP_SETPCAP | 1<<unix.CAP_NET_ADMIN}}
	p, missing := h.missingGrants(policy.NetworkNone)
	if !missing {
		t.Fatal("nothing is missing")
	}
	mustContain(t, "expected", p.Expected, "CAP_SYS_ADMIN, CAP_CHOWN, CAP_DAC_OVERRIDE,\nCAP_FOWNER, CAP_MKNOD in the")
	want := []string{
		"grant the container: --cap-add SYS_ADMIN --cap-add CHOWN", "--cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add MKNOD",
		"and on hosts with AppArmor: --security-opt apparmor=unconfined",
	}
	if !slices.Equal(p.Instead, want) {
		t.Errorf("instead: got %q, want %q", p.Instead, want)
	}
}

func TestRefuseProblemsNamesEveryRemedy(t *testing.T) {
	r := refuseProblems([]Problem{
		{Message: "first", Found: "a", Expected: "b", Instead: []string{"do this"}},
		{Message: "second", Found: "c", Instead: []string{"do that"}},
	})
	const want = "refused, nothing ran: first\n" +
		"  also: second: c\n" +
		"  found     a\n" +
		"  expected  b\n" +
		"  instead   do this\n" +
		"            do that"
	if got := r.Explain(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
