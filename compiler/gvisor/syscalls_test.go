package gvisor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/filter"
	"confine/compiler/gvisor"
	"confine/compiler/gvisor/guestseccomp"
	"confine/policy"
)

// rowsOf are the rows of [syscalls], by clause and subject.
func rowsOf(b *compiler.Bundle) map[string]compiler.Coverage {
	rows := map[string]compiler.Coverage{}
	for _, row := range b.Coverage {
		if strings.HasPrefix(row.Clause, policy.ClauseSyscalls) {
			rows[strings.TrimPrefix(row.Clause, policy.ClauseSyscalls+".")+" "+row.Subject] = row
		}
	}
	return rows
}

// TestSyscallStrengths: what the stage loads is the filter, and what a bundle says by
// itself is less.
func TestSyscallStrengths(t *testing.T) {
	const (
		exact, stronger, weaker, none = compiler.Exact, compiler.Stronger, compiler.Weaker, compiler.None
	)
	for text, want := range map[string]map[string][2]compiler.Strength{
		"": {"base connector": {exact, exact}},
		"on_deny = 'kill'": {
			"base connector": {exact, exact},
			"on_deny kill":   {weaker, weaker},
		},
		"on_deny = 'errno'": {
			"base connector": {exact, exact},
			"on_deny errno":  {exact, exact},
		},
		"allow = ['memfd_create', 'mount', 'move_mount', 'uname', 'unshare']\ndeny = ['ioctl', 'mq_open']": {
			"base connector":     {exact, exact},
			"allow memfd_create": {weaker, weaker},
			"allow mount":        {weaker, weaker},
			"allow move_mount":   {weaker, weaker},
			"allow uname":        {exact, exact},
			"allow unshare":      {exact, exact},
			"deny ioctl":         {exact, exact},
			"deny mq_open":       {exact, exact},
		},
		"allow = ['io_uring_setup', 'userfaultfd', 'fanotify_init', 'request_key']": {
			"base connector":       {exact, exact},
			"allow io_uring_setup": {stronger, exact},
			"allow userfaultfd":    {stronger, exact},
			"allow fanotify_init":  {stronger, exact},
			"allow request_key":    {stronger, exact},
		},
		// A tracer could have the calls executed that runsc answers by SCMP_ACT_TRACE, and
		// without that no program with glibc starts a thread.
		"allow = ['ptrace', 'memfd_create']\ndeny = ['uname']\non_deny = 'errno'": {
			"base connector":     {exact, none},
			"allow ptrace":       {exact, none},
			"allow memfd_create": {weaker, none},
			"deny uname":         {exact, none},
			"on_deny errno":      {exact, none},
		},
		"base = 'unrestricted'": {"base unrestricted": {weaker, weaker}},
		"[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == AF_UNIX']\n[[syscalls.rule]]\nsyscall = 'lseek'\nwhen = ['arg1 >= 7']": {
			"base connector":               {exact, exact},
			"rule socket: arg0 == AF_UNIX": {exact, exact},
			"rule lseek: arg1 >= 7":        {exact, exact},
		},
	} {
		b := compile(t, parse(t, "[syscalls]\n"+text+"\n"))
		rows := rowsOf(b)
		for name, strengths := range want {
			row, ok := rows[name]
			if !ok || row.Launched.Strength != strengths[0] || row.Standalone.Strength != strengths[1] {
				t.Errorf("%q: %s is %s, %s, want %v", text, name, row.Launched.Strength, row.Standalone.Strength, strengths)
			}
			delete(rows, name)
		}
		for name := range rows {
			t.Errorf("%q: nothing is said of the row %s", text, name)
		}
	}
}

// TestUndoingSaysWhat: a call that goes around a clause has the clause in its row.
func TestUndoingSaysWhat(t *testing.T) {
	rows := rowsOf(compile(t, parse(t, "[syscalls]\nallow = ['memfd_create', 'mount', 'move_mount']\n")))
	for name, clause := range map[string]string{
		"allow memfd_create": policy.ClauseFilesystemExec, "allow mount": policy.ClauseFilesystemTmp, "allow move_mount": policy.ClauseFilesystemTmp,
	} {
		if how := rows[name].Launched.How; !strings.Contains(how, "goes around "+clause) {
			t.Errorf("%s: %s", name, how)
		}
	}
	if how := rowsOf(compile(t, parse(t, "syscalls.base = 'unrestricted'\n")))["base unrestricted"].Launched.How; !strings.HasPrefix(how, "no filter") {
		t.Error(how)
	}
}

// TestStandaloneFollowsLower: linux.seccomp is what guestseccomp makes of the filter, the
// rows have all of its losses, and where it refuses there is none.
func TestStandaloneFollowsLower(t *testing.T) {
	for _, text := range []string{
		"", "base = 'default'", "on_deny = 'kill'", "base = 'default'\nallow = ['socket', 'socketpair', 'ioctl']",
		"allow = ['ptrace']", "base = 'default'\nallow = ['ptrace', 'clone3']", "base = 'unrestricted'",
		"allow = ['ptrace']\n[[syscalls.rule]]\nsyscall = 'ptrace'\nwhen = ['arg0 == 0']",
	} {
		p := parse(t, "[syscalls]\n"+text+"\n")
		for _, arch := range []string{"x86_64", "aarch64"} {
			machine := targetFor(rootFor(p))
			machine.Arch = arch
			b, err := gvisor.Compile(p, machine)
			if err != nil {
				t.Fatal(err)
			}
			calls, err := filter.Compile(machine, &p.Syscalls)
			if err != nil {
				t.Fatal(err)
			}
			seccomp := specOf(t, b, gvisor.StandaloneConfig).Linux.Seccomp
			if specOf(t, b, gvisor.LaunchedConfig).Linux.Seccomp != nil {
				t.Errorf("%q: the stage starts under a filter", text)
			}
			if calls.Program == nil {
				if seccomp != nil || len(b.Expectation.Filter) > 0 || !b.Expectation.Unfiltered {
					t.Errorf("%q: a filter from nowhere", text)
				}
				continue
			}
			for _, f := range calls.Artifacts() {
				if data, ok := b.Artifact(f.Name); !ok || !bytes.Equal(data, f.Data) {
					t.Errorf("%q: %s is another one", text, f.Name)
				}
			}
			if !bytes.Equal(b.Expectation.Filter, calls.Program) {
				t.Errorf("%q: the stage loads another filter", text)
			}
			row := rowsOf(b)["base "+p.Syscalls.Base]
			lowered, losses, err := guestseccomp.Lower(calls.Rules)
			var refused *guestseccomp.RefusedError
			if errors.As(err, &refused) {
				if seccomp != nil || row.Standalone != (compiler.Verdict{Strength: compiler.None, How: "no filter: " + refused.Error()}) {
					t.Errorf("%q: %+v", text, row)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(lowered)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := json.Marshal(seccomp); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%q: %s, want %s", text, got, want)
			}
			for _, loss := range losses {
				if !strings.Contains(row.Standalone.How, loss.String()) {
					t.Errorf("%q: %q does not say %q", text, row.Standalone.How, loss)
				}
			}
			if !strings.HasPrefix(row.Standalone.How, "linux.seccomp, with --oci-seccomp") {
				t.Errorf("%q: %q", text, row.Standalone.How)
			}
		}
	}
}

// TestStandaloneTooLarge: a rule that linux.seccomp takes too many entries for is left
// to the stage.
func TestStandaloneTooLarge(t *testing.T) {
	p := parse(t, `[[syscalls.rule]]
syscall = "mmap"
when    = ["arg0 != 0x123456789", "arg1 != 0x987654321"]
[[syscalls.rule]]
syscall = "mmap"
when    = ["arg5 < 0x7777777777777777"]
`)
	b := compile(t, p)
	row := rowsOf(b)["base connector"]
	calls, err := filter.Compile(target, &p.Syscalls)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = guestseccomp.Lower(calls.Rules)
	var large *guestseccomp.TooLargeError
	if !errors.As(err, &large) {
		t.Fatalf("control: %v", err)
	}
	if row.Launched.Strength != compiler.Exact || row.Standalone != (compiler.Verdict{Strength: compiler.None, How: "no filter: " + large.Error()}) {
		t.Errorf("%+v", row)
	}
	if s := specOf(t, b, gvisor.StandaloneConfig); s.Linux.Seccomp != nil || slices.Contains(flagsOf(t, b, gvisor.StandaloneFlags), "--oci-seccomp") {
		t.Errorf("%+v", s.Linux.Seccomp)
	}
}
