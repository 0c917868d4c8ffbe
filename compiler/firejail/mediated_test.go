package firejail_test

import (
	"slices"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/compiler/guard"
	"confine/compiler/seccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// compileFor compiles for a caller.
func compileFor(t *testing.T, p *policy.Policy, caller compiler.Caller, arch string) *compiler.Bundle {
	t.Helper()
	of := target
	of.Caller, of.Arch = caller, arch
	b, err := firejail.Compile(p, of)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var callers = []compiler.Caller{compiler.AnyCaller, compiler.RootCaller, compiler.OrdinaryCaller}

// TestMediated: for an ordinary caller a sandbox with a gateway has a network without a link,
// a guard, and no user namespace, so that its calls can be looked at; for anybody else, and
// in every other mode, nothing depends on the caller.
func TestMediated(t *testing.T) {
	for _, mode := range []string{"none", "egress", "host"} {
		p := parse(t, "[network]\nmode = \""+mode+"\"\n")
		root := compileFor(t, p, compiler.RootCaller, "x86_64")
		for _, caller := range callers {
			b := compileFor(t, p, caller, "x86_64")
			profile := artifact(t, b, firejail.LaunchedProfile)
			if standalone := artifact(t, b, firejail.StandaloneProfile); standalone != artifact(t, root, firejail.StandaloneProfile) {
				t.Errorf("%s, %q: another profile without confine", mode, caller)
			}
			_, guarded := b.Artifact(guard.Name)
			if mode != "egress" || caller != compiler.OrdinaryCaller {
				if profile != artifact(t, root, firejail.LaunchedProfile) || guarded || b.Expectation.Guard != nil || b.Expectation.Mediated() {
					t.Errorf("%s, %q: another sandbox than for root", mode, caller)
				}
				continue
			}
			if lines := readProfile(profile); !has(lines, "net", "none") || has(lines, "noroot", "") {
				t.Errorf("the profile is\n%s", profile)
			}
			e := b.Expectation
			if !guarded || !e.Mediated() || e.Unwrapped != nil || e.Gateway == nil {
				t.Errorf("%+v", e)
			}
			if want := []string{"ipc", "mnt", "net", "pid"}; !slices.Equal(e.Isolated, want) || !slices.Equal(e.Shared, []string{"user"}) {
				t.Errorf("isolated: %v, shared: %v", e.Isolated, e.Shared)
			}
			shown := 0
			for _, c := range e.Guard.Canaries {
				if c.Clause == policy.ClauseNetworkMode {
					shown++
				}
			}
			if shown < 10 {
				t.Errorf("%d canaries of the network", shown)
			}
		}
	}
}

// TestMediatedGuard: of sockets there are those that the runner makes, and no call leads
// anywhere by them but connect, which it answers.
func TestMediatedGuard(t *testing.T) {
	const unix, internet, internet6, netlink, packet = 1, 2, 10, 16, 17
	const stream, datagram, raw, nonblock = 1, 2, 3, 0o4000
	const tcp, udp, multipath, fastOpen = 6, 17, 262, 0x20000000
	deny := syscalls.Fail
	for _, arch := range []string{"x86_64", "aarch64"} {
		b := compileFor(t, parse(t, "[network]\nmode = \"egress\"\n[syscalls]\nbase = \"unrestricted\"\n"), compiler.OrdinaryCaller, arch)
		var program seccomp.Program
		if err := program.UnmarshalBinary(b.Expectation.Guard.Program); err != nil {
			t.Fatal(err)
		}
		machine, err := syscalls.ParseArch(arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			call      string
			arguments [6]uint64
			want      syscalls.Action
		}{
			{"socket", [6]uint64{internet, stream}, syscalls.Notify},
			{"socket", [6]uint64{internet6, stream | nonblock, tcp}, syscalls.Notify},
			{"socket", [6]uint64{internet, stream, multipath}, deny(syscalls.EPROTONOSUPPORT)},
			{"socket", [6]uint64{internet, datagram, udp}, deny(syscalls.EPROTONOSUPPORT)},
			{"socket", [6]uint64{internet6, raw, 58}, deny(syscalls.EPROTONOSUPPORT)},
			{"socket", [6]uint64{unix, stream}, deny(syscalls.EAFNOSUPPORT)},
			{"socket", [6]uint64{netlink, raw}, deny(syscalls.EAFNOSUPPORT)},
			{"socket", [6]uint64{packet, raw, 3}, deny(syscalls.EAFNOSUPPORT)},
			{"socketpair", [6]uint64{unix, stream}, syscalls.Allow},
			{"socketpair", [6]uint64{unix, datagram}, deny(syscalls.EOPNOTSUPP)},
			{"connect", [6]uint64{5, 1 << 40, 16}, syscalls.Notify},
			{"bind", [6]uint64{5}, deny(syscalls.EPERM)},
			{"listen", [6]uint64{5}, deny(syscalls.EPERM)},
			{"sendto", [6]uint64{5}, syscalls.Allow},
			{"sendto", [6]uint64{5, 0, 0, 0, 1 << 40}, deny(syscalls.EOPNOTSUPP)},
			{"sendto", [6]uint64{5, 0, 0, fastOpen}, deny(syscalls.EOPNOTSUPP)},
			{"sendmsg", [6]uint64{5, 0, fastOpen}, deny(syscalls.EOPNOTSUPP)},
			{"sendmmsg", [6]uint64{5, 0, 1, fastOpen}, deny(syscalls.EOPNOTSUPP)},
			{"setsockopt", [6]uint64{5, 1, 25}, deny(syscalls.EOPNOTSUPP)}, // SO_BINDTODEVICE
			{"setsockopt", [6]uint64{5, tcp, 1}, syscalls.Allow},           // TCP_NODELAY
			{"ioctl", [6]uint64{5, 0x8912}, deny(syscalls.EPERM)},          // SIOCGIFCONF
			{"ioctl", [6]uint64{5, 0x894c}, deny(syscalls.EPERM)},          // SIOCGSKNS
			{"ioctl", [6]uint64{5, 0x8905}, syscalls.Allow},                // SIOCATMARK
			{"ioctl", [6]uint64{5, 0x541b}, syscalls.Allow},                // FIONREAD
			{"io_uring_setup", [6]uint64{}, deny(syscalls.ENOSYS)},
			{"setns", [6]uint64{5}, deny(syscalls.EPERM)},
			{"unshare", [6]uint64{}, deny(syscalls.EPERM)},
			{"clone", [6]uint64{0x40000000}, deny(syscalls.EPERM)}, // CLONE_NEWNET
			{"clone", [6]uint64{17}, syscalls.Allow},               // SIGCHLD
			{"clone3", [6]uint64{}, deny(syscalls.ENOSYS)},
			{"keyctl", [6]uint64{}, deny(syscalls.ENOSYS)},
			{"memfd_create", [6]uint64{}, syscalls.Allow},
			{"openat", [6]uint64{}, syscalls.Allow},
		} {
			number, err := machine.Number(tt.call)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := seccomp.Run(program, syscalls.Data{Number: number, Arch: machine, Args: tt.arguments})
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("%s: %s%#x: %s, expected %s", arch, tt.call, tt.arguments, got, tt.want)
			}
		}
	}
}

// TestGoldenCallers: what is said of a policy with a gateway for each kind of caller, and
// what an ordinary one gets.
func TestGoldenCallers(t *testing.T) {
	p := samples(t)["egress"]
	for _, caller := range callers[1:] {
		b := compileFor(t, p, caller, "x86_64")
		golden(t, "egress."+string(caller)+".coverage.txt", coverageText(b.Coverage))
		golden(t, "egress."+string(caller)+".launched.profile", artifact(t, b, firejail.LaunchedProfile))
	}
	golden(t, "egress.guard.txt", artifact(t, compileFor(t, p, compiler.OrdinaryCaller, "x86_64"), guard.ListingName))
}

// TestCoverageOfCallers: what a guard takes is no longer exact, and what is not known is
// not said to be.
func TestCoverageOfCallers(t *testing.T) {
	p := parse(t, `[network]
mode = "egress"
[filesystem]
read = ["/etc/resolv.conf"]
[rlimits]
nproc  = 16
nofile = 16
[syscalls]
base  = "connector"
allow = ["listen", "flock"]
[[syscalls.rule]]
syscall = "socketpair"
when    = ["arg0 in [AF_UNIX]"]
[[syscalls.rule]]
syscall = "flock"
when    = ["arg1 in [1]"]
`)
	for _, tt := range []struct {
		clause, subject                string
		ofRoot, ofOrdinary, ofWhomever compiler.Strength
	}{
		{policy.ClauseNetworkMode, "egress", compiler.Exact, compiler.Exact, compiler.Exact},
		{policy.ClauseSyscallsBase, "connector", compiler.Exact, compiler.Stronger, compiler.Stronger},
		{policy.ClauseSyscallsAllow, "listen", compiler.Exact, compiler.Stronger, compiler.Stronger},
		{policy.ClauseSyscallsAllow, "flock", compiler.Exact, compiler.Exact, compiler.Exact},
		{policy.ClauseSyscallsRule, "socketpair: arg0 in [AF_UNIX]", compiler.Exact, compiler.Stronger, compiler.Stronger},
		{policy.ClauseSyscallsRule, "flock: arg1 in [1]", compiler.Exact, compiler.Exact, compiler.Exact},
		{policy.RlimitClause("nproc"), "", compiler.Exact, compiler.Stronger, compiler.Stronger},
		{policy.RlimitClause("nofile"), "", compiler.Exact, compiler.Exact, compiler.Exact},
		{policy.ClauseFilesystemRead, "/etc/resolv.conf", compiler.Exact, compiler.Exact, compiler.Exact},
	} {
		for caller, want := range map[compiler.Caller]compiler.Strength{
			compiler.RootCaller: tt.ofRoot, compiler.OrdinaryCaller: tt.ofOrdinary, compiler.AnyCaller: tt.ofWhomever,
		} {
			rows := compileFor(t, p, caller, "x86_64").Coverage
			i := slices.IndexFunc(rows, func(row compiler.Coverage) bool { return row.Clause == tt.clause && row.Subject == tt.subject })
			if i < 0 {
				t.Fatalf("no row %s %s in\n%s", tt.clause, tt.subject, coverageText(rows))
			}
			if got := rows[i].Launched; got.Strength != want {
				t.Errorf("%q: %s %s: %s by %s, expected %s", caller, tt.clause, tt.subject, got.Strength, got.How, want)
			}
		}
	}
}
