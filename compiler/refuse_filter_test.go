package compiler_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/seccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// manyValues is a rule with a list of n values that no range holds.
func manyValues(call string, n int) string {
	var values []string
	for i := range n {
		values = append(values, fmt.Sprint(i*3+1))
	}
	return fmt.Sprintf("[[syscalls.rule]]\nsyscall = %q\nwhen = [\"arg0 in [%s]\"]\n", call, strings.Join(values, ", "))
}

// TestRefuseLength: a filter that no kernel takes names the rules that cost most.
func TestRefuseLength(t *testing.T) {
	text := "schema = 1\nname = \"long\"\n[syscalls]\nallow = [\"bpf\", \"keyctl\"]\n" +
		manyValues("keyctl", 900) + manyValues("bpf", 4000)
	p, err := policy.Parse("long.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range syscalls.Arches() {
		filter, err := p.Syscalls.Set().Filter(arch)
		if err != nil {
			t.Fatal(err)
		}
		_, err = seccomp.Compile(filter)
		var refusals compiler.Refusals
		if !errors.As(compiler.RefuseFilter(&p.Syscalls, err), &refusals) || len(refusals) != 1 {
			t.Fatalf("%v", err)
		}
		got := refusals.Diagnostics(p)[0].String()
		for _, want := range []string{
			"long.toml:8:12: error: the filter is longer than the kernel takes [syscalls.rule] 8 |",
			" instructions; ", "look at the arguments of bpf (long.toml:8:12)", "look at the arguments of keyctl (long.toml:5:12)",
			"at most 4096 instructions", "^",
		} {
			if !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
				t.Errorf("no %q in\n%s", want, got)
			}
		}
		if strings.Index(got, "of bpf") > strings.Index(got, "of keyctl") {
			t.Errorf("the dearest is not the first in\n%s", got)
		}
	}
}

// TestRefuseMismatch: a filter that is wrong names the line that it does not keep.
func TestRefuseMismatch(t *testing.T) {
	p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n[syscalls]\ndeny = [\"uname\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	number, err := syscalls.X86_64.Number("uname")
	if err != nil {
		t.Fatal(err)
	}
	wrong := &seccomp.MismatchError{
		Call: syscalls.Data{Arch: syscalls.X86_64, Number: number}, Got: syscalls.Allow, Want: syscalls.Fail(syscalls.EPERM),
	}
	var refusals compiler.Refusals
	if !errors.As(compiler.RefuseFilter(&p.Syscalls, fmt.Errorf("compile: %w", wrong)), &refusals) {
		t.Fatal("no refusal")
	}
	if got := refusals.Error(); !strings.HasPrefix(got, "p.toml:4:9: ") || !strings.Contains(got, "expected  EPERM") {
		t.Errorf("%s", got)
	}
	other := errors.New("other")
	if !errors.Is(compiler.RefuseFilter(&p.Syscalls, other), other) {
		t.Error("another error is lost")
	}
	if compiler.RefuseFilter(&p.Syscalls, nil) != nil {
		t.Error("no error is one")
	}
}
