package firejail_test

import (
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/filter"
	"confine/compiler/firejail"
	"confine/policy"
)

// TestFilterFollowsThePolicy reads the listing of the filter; that the program does
// what it lists is proven by every compile.
func TestFilterFollowsThePolicy(t *testing.T) {
	p := parse(t, "[syscalls]\nallow = ['ptrace', 'socket']\ndeny = ['uname', 'clone3', 'mount']\n")
	listing := artifact(t, compile(t, p), filter.ListingName)
	for name, want := range map[string]string{
		"ptrace": "ptrace: allow",
		"socket": "socket: allow",
		"uname":  "uname: EPERM",
		"clone3": "clone3: ENOSYS",
		"read":   "read: allow",
		"mount":  "",
	} {
		found := ""
		for line := range strings.Lines(listing) {
			if _, rule, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && strings.HasPrefix(rule, name+":") {
				found = rule
			}
		}
		if found != want {
			t.Errorf("%s: %q, want %q", name, found, want)
		}
	}
}

// canaryOf finds the canary with a subject.
func canaryOf(t *testing.T, b *compiler.Bundle, clause, subject string) compiler.FilterCanary {
	t.Helper()
	for _, c := range b.Expectation.FilterCanaries {
		if c.Clause == clause && c.Subject == subject {
			return c
		}
	}
	t.Fatalf("no canary of %s for %q in %+v", clause, subject, b.Expectation.FilterCanaries)
	return compiler.FilterCanary{}
}

// TestCanaries: what the stage tries is what the policy says, at its line.
func TestCanaries(t *testing.T) {
	b := compile(t, parse(t, `[syscalls]
on_deny = "kill"
allow = ["personality"]
deny = ["ptrace", "clone3", "mq_open"]
[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 == AF_UNIX"]
[[syscalls.rule]]
syscall = "personality"
when    = ["arg0 & 0xff == 8"]
[[syscalls.rule]]
syscall = "madvise"
when    = ["arg2 >= 2", "arg2 < 5"]
[[syscalls.rule]]
syscall = "recvfrom"
when    = ["arg3 == 0"]
`))
	for _, want := range []struct {
		clause, subject string
		line            int
		calls           string
	}{
		{policy.ClauseSyscallsBase, "a call that nothing allows", 0, "unshare(0): kill the process; get_mempolicy(0, 0, 0, 0, 0): kill the process; ioprio_get(1, 0): kill the process"},
		{policy.ClauseSyscallsBase, "io_uring_setup", 0, "io_uring_setup(0, 0): kill the process"},
		{policy.ClauseSyscallsBase, "getpid() by int 0x80", 0, "getpid() by int 0x80: kill the process"},
		{policy.ClauseSyscallsBase, "getpid() with the x32 bit", 0, "getpid() with the x32 bit: ENOSYS"},
		{policy.ClauseSyscallsOnDeny, "what a denied call does", 4, "unshare(0): kill the process; get_mempolicy(0, 0, 0, 0, 0): kill the process; ioprio_get(1, 0): kill the process"},
		{policy.ClauseSyscallsDeny, "ptrace", 6, "ptrace(7, 0x3fffffff, 0, 0): kill the process"},
		{policy.ClauseSyscallsDeny, "clone3", 6, "clone3(0, 0): ENOSYS"},
		{policy.ClauseSyscallsDeny, "mq_open", 6, ""},
		{policy.ClauseSyscallsRule, "arguments of socket: arg0 == AF_UNIX", 7, "socket(1, 1, 0): allow"},
		{policy.ClauseSyscallsRule, "arguments outside socket: arg0 == AF_UNIX", 7, "socket(2, 1, 0): kill the process"},
		{policy.ClauseSyscallsRule, "arguments of personality: arg0 & 0xff == 8", 10, "personality(8): allow"},
		{
			policy.ClauseSyscallsRule, "arguments outside personality: arg0 & 0xff == 8", 10,
			"personality(9): kill the process; personality(0xf7): kill the process; personality(0): kill the process",
		},
		{policy.ClauseSyscallsRule, "arguments of madvise: arg2 < 5, arg2 >= 2", 13, "madvise(0, 0, 4): allow; madvise(0, 0, 2): allow; madvise(0, 0, 3): allow"},
		{
			policy.ClauseSyscallsRule, "arguments outside madvise: arg2 < 5, arg2 >= 2", 13,
			"madvise(0, 0, 5): kill the process; madvise(0, 0, 6): kill the process; madvise(0, 0, 0): kill the process",
		},
		{policy.ClauseSyscallsRule, "arguments outside recvfrom: arg3 == 0", 16, ""},
	} {
		c := canaryOf(t, b, want.clause, want.subject)
		var calls []string
		for _, call := range c.Calls {
			calls = append(calls, call.Text+": "+call.Answer.String())
		}
		if got := strings.Join(calls, "; "); c.At.Line != want.line || got != want.calls {
			t.Errorf("%s, %s: line %d, %q; want line %d, %q", want.clause, want.subject, c.At.Line, got, want.line, want.calls)
		}
	}
}

// TestNoCallOfTheStageIsSpecial: the stage needs none under the filter, so a policy
// may deny any, and allow all that shows that the filter is there.
func TestNoCallOfTheStageIsSpecial(t *testing.T) {
	compile(t, parse(t, "[syscalls]\ndeny = ['futex', 'mmap', 'rt_sigprocmask', 'rt_sigreturn', 'sigaltstack', 'write', 'exit_group']\n"))
	b := compile(t, parse(t, "[syscalls]\nallow = ['unshare', 'get_mempolicy', 'ioprio_get']\n"))
	calls := canaryOf(t, b, policy.ClauseSyscallsBase, "a call that nothing allows").Calls
	if len(calls) == 0 || calls[0].Text != "io_uring_setup(0, 0)" {
		t.Errorf("%+v", calls)
	}
}

// TestCanariesOfTheArchitecture: the entries of x86 are tried on x86 only.
func TestCanariesOfTheArchitecture(t *testing.T) {
	target := compiler.Target{Backend: compiler.Firejail, Version: firejail.Known[0], Arch: "aarch64"}
	b, err := firejail.Compile(parse(t, "[[syscalls.rule]]\nsyscall = 'open'\nwhen = ['arg1 == O_RDONLY']\n"), target)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Expectation.FilterCanaries {
		if c.Clause == policy.ClauseSyscallsRule || strings.Contains(c.Subject, "x32") || strings.Contains(c.Subject, "0x80") {
			t.Errorf("%+v is nothing that aarch64 has", c)
		}
	}
}

// TestRulesBesideFirejailsOwnLines: where a line of the profile denies what a rule
// allows, the coverage says so.
func TestRulesBesideFirejailsOwnLines(t *testing.T) {
	for when, want := range map[string]compiler.Strength{
		"'socket'\nwhen = ['arg0 in [AF_UNIX, AF_NETLINK]']":     compiler.Exact,
		"'socket'\nwhen = ['arg0 in [AF_UNIX, AF_VSOCK]']":       compiler.Stronger,
		"'socket'\nwhen = ['arg0 != AF_PACKET']":                 compiler.Stronger,
		"'socket'\nwhen = ['arg2 == 0']":                         compiler.Stronger,
		"'socket'\nwhen = ['arg0 & 1 == 1']":                     compiler.Stronger,
		"'clone'\nwhen = ['arg0 & CLONE_NEWUTS == 0']":           compiler.Stronger,
		"'prctl'\nwhen = ['arg0 in [PR_SET_NAME, PR_GET_NAME]']": compiler.Exact,
	} {
		found := false
		for _, row := range compile(t, parse(t, "[syscalls]\nbase = 'default'\n[[syscalls.rule]]\nsyscall = "+when+"\n")).Coverage {
			if row.Clause != policy.ClauseSyscallsRule {
				continue
			}
			found = true
			if row.Launched.Strength != want || row.Standalone.Strength != compiler.None {
				t.Errorf("%s: %+v, want %s", when, row, want)
			}
		}
		if !found {
			t.Errorf("%s: no row", when)
		}
	}
}
