package guestseccomp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"confine/compiler/gvisor/guestseccomp"
	"confine/policy/syscalls"
)

func TestLosses(t *testing.T) {
	const (
		kill     = "SIGSYS, which a program can catch, block or ignore, instead of the end of the process: "
		families = "EPERM instead of EAFNOSUPPORT: socket, socketpair"
		netlink  = "EPERM instead of EPROTONOSUPPORT: socket"
	)
	attributes := "EPERM instead of EOPNOTSUPP: fallocate, fgetxattr, flistxattr, fsetxattr, getxattr, lgetxattr, " +
		"listxattr, llistxattr, lsetxattr, setxattr"
	for _, c := range []struct {
		name string
		set  syscalls.Set
		want []string
	}{
		{"default", syscalls.Set{Base: "default"}, []string{netlink, families}},
		{"connector", syscalls.Set{Base: "connector"}, []string{"EPERM instead of ENOTTY: ioctl", netlink, attributes, families}},
		{"all that is lost is allowed", syscalls.Set{Base: "default", Allow: []string{"socket", "socketpair"}}, nil},
		{
			"ENOSYS",
			syscalls.Set{Base: "default", Allow: []string{"ptrace"}},
			[]string{"EPERM instead of ENOSYS: clone3, openat2, numbers without a name", netlink, families},
		},
		{
			"kill",
			syscalls.Set{Base: "default", OnDeny: syscalls.DenyKill},
			[]string{netlink, families, kill + "_sysctl, acct, add_key, adjtimex, afs_syscall, bpf, cachestat, chmod, chroot, clock_adjtime, clock_settime, clone, 132 others"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, losses := lower(t, filterOf(t, c.set, syscalls.X86_64))
			var got []string
			for _, loss := range losses {
				got = append(got, loss.String())
				if loss.Weaker() != (loss.Answer == syscalls.KillProcess) || !slices.IsSorted(loss.Syscalls) {
					t.Errorf("%+v", loss)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("lost:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestThreadsRefuse: a filter is refused if clone3 must answer ENOSYS and cannot, and no
// other is.
func TestThreadsRefuse(t *testing.T) {
	for _, c := range []struct {
		name    string
		set     syscalls.Set
		refused string
	}{
		{"default", syscalls.Set{Base: "default"}, ""},
		{"connector", syscalls.Set{Base: "connector"}, ""},
		{"kill", syscalls.Set{Base: "connector", OnDeny: syscalls.DenyKill}, ""},
		{"clone3", syscalls.Set{Base: "connector", Allow: []string{"clone3"}}, ""},
		{"clone3 denied twice", syscalls.Set{Base: "connector", Deny: []string{"clone3"}}, ""},
		{"tracing", syscalls.Set{Base: "connector", Allow: []string{"ptrace"}}, "clone3"},
		{"tracing and kill", syscalls.Set{Base: "default", Allow: []string{"ptrace"}, OnDeny: syscalls.DenyKill}, "clone3"},
		{"tracing, by arguments", syscalls.Set{
			Base: "default", Allow: []string{"ptrace"}, Rules: []syscalls.SetRule{rule(t, "ptrace", "arg0 == 0")},
		}, "clone3"},
		{"tracing and clone3", syscalls.Set{Base: "connector", Allow: []string{"ptrace", "clone3"}}, ""},
		{"tracing and some of clone3", syscalls.Set{
			Base: "connector", Allow: []string{"ptrace", "clone3"}, Rules: []syscalls.SetRule{rule(t, "clone3", "arg1 == 88")},
		}, ""},
	} {
		for _, arch := range syscalls.Arches() {
			s, _, err := guestseccomp.Lower(filterOf(t, c.set, arch))
			var refused *guestseccomp.RefusedError
			errors.As(err, &refused)
			switch {
			case s == nil:
				t.Errorf("%s on %s: nothing beside %v", c.name, arch, err)
			case c.refused == "" && err != nil:
				t.Errorf("%s on %s: %v", c.name, arch, err)
			case c.refused != "" && (refused == nil || refused.Syscall != c.refused || !strings.Contains(refused.Hint, "syscalls.allow")):
				t.Errorf("%s on %s: %v, want a refusal about %s", c.name, arch, err, c.refused)
			}
		}
	}
}

// TestUnnamedNumbersMustBeDenied: runsc takes what it does not know for one of them.
func TestUnnamedNumbersMustBeDenied(t *testing.T) {
	filter := filterOf(t, syscalls.Set{Base: "default"}, syscalls.X86_64)
	filter.Unknown = syscalls.Allow
	var refused *guestseccomp.RefusedError
	if _, _, err := guestseccomp.Lower(filter); !errors.As(err, &refused) {
		t.Error(err)
	}
}

func TestTooLarge(t *testing.T) {
	var wide []syscalls.SetRule
	for _, call := range []string{"mmap", "mprotect", "munmap", "lseek", "read", "write"} {
		wide = append(wide, rule(t, call, "arg1 > 1"), rule(t, call, "arg1 == 0"))
	}
	for _, c := range []struct {
		name    string
		rules   []syscalls.SetRule
		refused bool
		syscall string
	}{
		{"one call", []syscalls.SetRule{
			rule(t, "mmap", "arg0 != 0x123456789", "arg1 != 0x987654321"), rule(t, "mmap", "arg5 < 0x7777777777777777"),
		}, true, "mmap"},
		// What does not match a conjunction takes no product.
		{"the last rule", []syscalls.SetRule{rule(t, "mmap", "arg0 != 0x123456789", "arg1 != 0x987654321")}, false, ""},
		{"all calls", wide, true, ""},
		{"some calls", wide[:4], false, ""},
	} {
		set := syscalls.Set{Base: "default", Rules: c.rules}
		s, _, err := guestseccomp.Lower(filterOf(t, set, syscalls.X86_64))
		var large *guestseccomp.TooLargeError
		if errors.As(err, &large) != c.refused || large != nil && large.Syscall != c.syscall || (s == nil) != c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestNoFilterIsNoResult(t *testing.T) {
	if s, _, err := guestseccomp.Lower(syscalls.Filter{}); s != nil || err == nil {
		t.Errorf("%v, %v", s, err)
	}
}
