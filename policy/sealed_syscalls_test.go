package policy_test

import (
	"testing"

	"confine/policy"
)

// TestSealedSyscalls: a sealed table of system calls takes another base list, and rules
// that are said otherwise, if they allow no more.
func TestSealedSyscalls(t *testing.T) {
	for name, c := range map[string]struct {
		base, child string
		// refusal is what of the refusal is looked for; empty is none.
		refusal string
	}{
		"a narrower base list": {"base = 'default'", "base = 'connector'", ""},
		"a wider base list":    {"base = 'connector'", "base = 'default'", "newly allowed: syscall accept"},
		"no filter":            {"base = 'default'", "base = 'unrestricted'", "= was  default"},
		"a narrower base list and a call of the wider one": {"base = 'default'", "base = 'connector'\nallow = ['accept']", ""},
		"a narrower base list and a call of neither":       {"base = 'default'", "base = 'connector'\nallow = ['ptrace']", "newly allowed: syscall ptrace"},
		"a narrower base list and a call without its guard": {
			"base = 'default'", "base = 'connector'\nallow = ['clone']", "newly allowed: syscall clone(arg0=0x20000)",
		},
		"a deny that is taken out": {
			"deny = ['ptrace']", "remove = { deny = ['ptrace'] }", "nothing shows that this allows no more",
		},
		"another answer": {"", "on_deny = 'kill'", "nothing shows that this allows no more"},
		"a rule that narrows": {
			"", "[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == AF_UNIX']", "",
		},
		"one more rule": {
			"[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == AF_UNIX']",
			"[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == AF_INET']", "newly allowed: syscall socket(arg0=0x2)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := shelf{
				"base":  headed("base", "[syscalls]\nsealed = true\n"+c.base+"\n"),
				"child": headed("child", "extends = ['base']\n[syscalls]\n"+c.child+"\n"),
			}
			if c.refusal == "" {
				_ = mustResolve(t, s, "child", policy.Options{})
				return
			}
			refused(t, s, "child", policy.Options{}, c.refusal)
		})
	}
}
