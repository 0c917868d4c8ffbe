package policy_test

import (
	"testing"

	"confine/policy"
)

// TestDecideSyscalls: every part of the table, with the place and the clause that
// decided. What is decided is tested in package syscalls.
func TestDecideSyscalls(t *testing.T) {
	p := mustParse(t, `
[syscalls]
base  = "connector"
allow = ["bpf", "ptrace"]
deny  = ["uname"]

[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 in [AF_INET, AF_INET6]"]

[[syscalls.rule]]
syscall = "bpf"
when    = ["arg0 == 1"]
`)
	for _, tt := range []struct {
		access               string
		allowed, conditional bool
		clause, at           string
	}{
		{"syscall write", true, false, policy.ClauseSyscallsBase, "test.toml:5:9"},
		{"syscall execve", true, false, policy.ClauseSyscallsBase, "test.toml:5:9"},
		{"syscall mount", false, false, policy.ClauseSyscalls, "test.toml:5:9"},
		{"syscall ptrace", true, false, policy.ClauseSyscallsAllow, "test.toml:6:17"},
		{"syscall uname", false, false, policy.ClauseSyscallsDeny, "test.toml:7:10"},
		{"syscall bpf", false, true, policy.ClauseSyscallsRule, "test.toml:13:12"},
		{"syscall bpf(arg0=1)", true, false, policy.ClauseSyscallsRule, "test.toml:13:12"},
		{"syscall bpf(arg0=0)", false, false, policy.ClauseSyscallsRule, "test.toml:13:12"},
		{"syscall socket(arg0=AF_INET)", true, false, policy.ClauseSyscallsRule, "test.toml:9:12"},
		{"syscall socket(arg0=AF_UNIX)", false, false, policy.ClauseSyscallsRule, "test.toml:9:12"},
		{"syscall clone", false, true, policy.ClauseSyscallsBase, "test.toml:5:9"},
	} {
		a, err := policy.ParseAccess(tt.access)
		if err != nil {
			t.Fatal(err)
		}
		d := p.Decide(a)
		if d.Allowed != tt.allowed || d.Conditional != tt.conditional || d.Clause != tt.clause || d.At.String() != tt.at || d.Because == "" {
			t.Errorf("%s: %+v, want %+v", tt.access, d, tt)
		}
	}
	if d := p.Decide(policy.Access{Kind: policy.AccessSyscall, Target: "scoket"}); d.Allowed || d.Because == "" {
		t.Errorf("a name that is none: %+v", d)
	}
}

func TestClausesOfSyscalls(t *testing.T) {
	clauses := func(text string) map[string]string {
		found := map[string]string{}
		for _, c := range mustParse(t, text).Clauses() {
			found[c.Clause] = c.At.String()
		}
		return found
	}
	got := clauses("[syscalls]\nallow = ['bpf', 'acct']\ndeny = ['uname']\non_deny = 'errno'\n[[syscalls.rule]]\nsyscall = 'bpf'\nwhen = ['arg0 == 1']\n")
	for clause, want := range map[string]string{
		policy.ClauseSyscallsBase:   "default",
		policy.ClauseSyscallsAllow:  "test.toml:4:10",
		policy.ClauseSyscallsDeny:   "test.toml:5:9",
		policy.ClauseSyscallsOnDeny: "test.toml:6:11",
		policy.ClauseSyscallsRule:   "test.toml:7:12",
	} {
		if got[clause] != want {
			t.Errorf("%s is at %q, want %s", clause, got[clause], want)
		}
	}
	if got := clauses(""); len(got) == 0 || got[policy.ClauseSyscallsAllow] != "" || got[policy.ClauseSyscallsOnDeny] != "" {
		t.Errorf("clauses of nothing: %v", got)
	}
}
