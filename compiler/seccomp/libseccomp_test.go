//go:build linux && cgo && libseccomp && (amd64 || arm64)

package seccomp

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"confine/policy/syscalls"
)

// tooPermissive is a filter that libseccomp before 2.6.1 compiles wrong when it gets the
// two rules as they are: getppid is allowed if its first argument, which the kernel does
// not look at, is 2 or below or 0x100000001 or above.
func tooPermissive(t *testing.T) syscalls.Filter {
	t.Helper()
	arch, err := syscalls.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	denied := syscalls.Fail(syscalls.Errno(77))
	value := func(op syscalls.Operator, v uint64) []syscalls.Test {
		return []syscalls.Test{{Arg: 0, Width: syscalls.All64, Op: op, Values: []syscalls.Constant{{Value: v}}}}
	}
	filter := syscalls.Filter{Arch: arch, Default: syscalls.Allow, Unknown: syscalls.Allow, Foreign: syscalls.KillProcess}
	filter.Rules = []syscalls.Rule{{
		Name: "getppid", Number: numberHere(t, "getppid"), Otherwise: denied,
		Cases: []syscalls.Case{
			{When: value(syscalls.LessOrEqual, 2), Then: syscalls.Allow},
			{When: value(syscalls.GreaterOrEqual, 0x100000001), Then: syscalls.Allow},
		},
	}}
	return filter
}

// asGiven is the program that libseccomp writes for the two rules of tooPermissive when
// it gets both at once, in the place of the generator's.
func asGiven(t *testing.T, f syscalls.Filter) Program {
	t.Helper()
	number := f.Rules[0].Number
	piece, err := writeByLibrary(libraryFilter{otherwise: f.Rules[0].Otherwise, rules: []libraryRule{
		{number: number, answer: syscalls.Allow, when: []comparison{{arg: 0, op: lessOrEqual, value: 2}}},
		{number: number, answer: syscalls.Allow, when: []comparison{{arg: 0, op: greaterOrEqual, value: 0x100000001}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if piece, err = enter(piece, numberRange{number, number}, offsetArgs); err != nil {
		t.Fatal(err)
	}
	main := Program{
		{Code: opJumpEqual, JF: 1, K: number},
		{Code: opReturn, K: uint32(placeholder(0))},
		{Code: opReturn, K: uint32(syscalls.Allow)},
	}
	program, _ := link(header(f), []Program{main, piece})
	return program
}

// TestLibraryDefect: libseccomp lets through what two rules deny, the kernel too, the
// proof notices, and what this package makes of the same rules is right.
func TestLibraryDefect(t *testing.T) {
	filter := tooPermissive(t)
	wrong := asGiven(t, filter)
	version, _ := LinkedLibrary()
	var mismatch *MismatchError
	if err := Prove(filter, wrong); !version.Defective() {
		if err != nil {
			t.Fatalf("libseccomp %s is to have the defect no more: %v", version, err)
		}
		return
	} else if !errors.As(err, &mismatch) {
		t.Fatalf("libseccomp %s compiles the rules wrong, but the proof says %v", version, err)
	}
	library, err := Libseccomp()
	if err != nil {
		t.Fatal(err)
	}
	right, err := CompileWith(context.Background(), library, filter)
	if err != nil {
		t.Fatal(err)
	}
	call := fmt.Sprint(filter.Rules[0].Number)
	for _, arg := range []uint64{0, 2, 3, 0x10, 0xffffffff, 1 << 32, 0x100000001, ^uint64(0)} {
		want := syscalls.Errno(0)
		if arg > 2 && arg < 0x100000001 {
			want = 77
		}
		if got := answers(t, right.Program, []string{call + " " + fmt.Sprint(arg)})[0]; got != want {
			t.Errorf("getppid(%#x): %s, want %s", arg, got, want)
		}
	}
	if got := answers(t, wrong, []string{call + " " + fmt.Sprint(mismatch.Call.Args[0])})[0]; got == 77 {
		t.Errorf("getppid(%#x) is denied by the kernel, the proof said that the program allows it", mismatch.Call.Args[0])
	}
}

// TestLibraryVersion: what the library is called is what is linked.
func TestLibraryVersion(t *testing.T) {
	library, err := Libseccomp()
	if err != nil {
		t.Fatal(err)
	}
	version, _ := LinkedLibrary()
	if want := "libseccomp " + version.String(); library.Name() != want || version.Major < 2 {
		t.Errorf("%q, want %q", library.Name(), want)
	}
}

// TestNumbersWithoutNames: calls that the library is too old to know are filtered like
// the others.
func TestNumbersWithoutNames(t *testing.T) {
	library, err := Libseccomp()
	if err != nil {
		t.Fatal(err)
	}
	filter := connectorFilter(t, syscalls.X86_64)
	program := compileWith(t, library, filter).Program
	for _, name := range []string{"mseal", "statmount", "file_getattr"} {
		number, err := syscalls.X86_64.Number(name)
		if err != nil {
			t.Fatal(err)
		}
		call := syscalls.Data{Number: number, Arch: syscalls.X86_64}
		if got, _, err := Run(program, call); err != nil || got != filter.Decide(call) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
