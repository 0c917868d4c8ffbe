package firejail_test

import (
	"fmt"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"
)

// TestFilterFollowsThePolicy reads the listing of the filter; that the program does
// what it lists is proven by every compile.
func TestFilterFollowsThePolicy(t *testing.T) {
	p := parse(t, "[syscalls]\nallow = ['ptrace', 'socket']\ndeny = ['uname', 'clone3', 'mount']\n")
	listing := artifact(t, compile(t, p), firejail.FilterListing)
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

func TestSyscallRefusals(t *testing.T) {
	p := parse(t, `[syscalls]
on_deny = "kill"
[[syscalls.rule]]
syscall = "read"
when    = ["arg0 == 0", "arg2 < 9"]
[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 == AF_UNIX"]
`)
	const want = `p.toml:4:11: error: syscalls.on_deny = "kill" is not enforced by this version [syscalls.on_deny]
      = found     on_deny = "kill"
      = expected  on_deny = "errno"
p.toml:5:12: error: [[syscalls.rule]] is not enforced by this version [syscalls.rule]
      = found     a rule for read: arg0 == 0, arg2 < 9
      = expected  allow and deny, which take calls whole
p.toml:8:12: error: [[syscalls.rule]] is not enforced by this version [syscalls.rule]
      = found     a rule for socket: arg0 == AF_UNIX
      = expected  allow and deny, which take calls whole`
	if got := refusalsOf(t, p).Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestCallsOfTheStageCannotBeDenied(t *testing.T) {
	const want = `p.toml:4:18: error: the stage needs this call under the filter, to prove that the filter is there [syscalls.deny]
      = found     futex
      = expected  any call but futex, mmap, rt_sigprocmask, rt_sigreturn, sigaltstack`
	if got := refusalsOf(t, parse(t, "[syscalls]\ndeny = ['uname', 'futex']\n")).Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestCanaryIsDenied: the call that shows that the filter is there is one that the
// policy denies, and there has to be one.
func TestCanaryIsDenied(t *testing.T) {
	canaries := compiler.FilterCanaries()
	for i := range canaries {
		text := fmt.Sprintf("[syscalls]\nallow = [%s]\n", `"`+strings.Join(canaries[:i], `", "`)+`"`)
		if i == 0 {
			text = ""
		}
		if got := compile(t, parse(t, text)).Expectation.FilterCanary; got != canaries[i] {
			t.Errorf("the canary is %s, want %s, with\n%s", got, canaries[i], text)
		}
	}
	refusals := refusalsOf(t, parse(t, fmt.Sprintf("[syscalls]\nallow = [%s]\n", `"`+strings.Join(canaries, `", "`)+`"`)))
	if len(refusals) != 1 || refusals[0].Clause != policy.ClauseSyscallsAllow || refusals[0].At.Line != 4 {
		t.Errorf("%v", refusals)
	}
}
