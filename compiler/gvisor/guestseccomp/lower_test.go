package guestseccomp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"pgregory.net/rapid"

	"confine/compiler/gvisor/guestseccomp"
	"confine/policy/syscalls"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func filterOf(t fataler, set syscalls.Set, arch syscalls.Arch) syscalls.Filter {
	t.Helper()
	filter, err := set.Filter(arch)
	if err != nil {
		t.Fatal(err)
	}
	return filter
}

// lower lets a refusal pass: what comes beside it must be right too.
func lower(t fataler, filter syscalls.Filter) (*specs.LinuxSeccomp, guestseccomp.Losses) {
	t.Helper()
	s, losses, err := guestseccomp.Lower(filter)
	var refused *guestseccomp.RefusedError
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return s, losses
}

func rule(t fataler, call string, texts ...string) syscalls.SetRule {
	t.Helper()
	r := syscalls.SetRule{Syscall: call}
	for _, text := range texts {
		c, err := syscalls.ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		r.When = append(r.When, c)
	}
	return r
}

// sets are every form that a policy can have.
func sets(t fataler) map[string]syscalls.Set {
	t.Helper()
	rules := []syscalls.SetRule{
		rule(t, "socket", "arg0 in [AF_INET, AF_INET6]", "arg1 & 0xf != SOCK_RAW"),
		rule(t, "socket", "arg0 == AF_UNIX"),
		rule(t, "fcntl", "arg1 < F_SETOWN"),
		rule(t, "mmap", "arg1 <= 0x140000000"),
		rule(t, "mmap", "arg2 & PROT_EXEC == 0", "arg1 > 0x200000000"),
		rule(t, "lseek", "arg1 >= 0x8000000000000000"),
		rule(t, "clone", "arg0 & CLONE_VM == CLONE_VM"),
		rule(t, "kill", "arg1 != 9"),
		rule(t, "bpf", "arg0 in [1, 2, 77]"),
		rule(t, "read", "arg0 > 2", "arg0 != 9"),
	}
	return map[string]syscalls.Set{
		"connector":      {Base: "connector"},
		"default":        {Base: "default"},
		"changed":        {Base: "connector", Allow: []string{"ioctl", "clone3"}, Deny: []string{"uname"}},
		"kill":           {Base: "connector", OnDeny: syscalls.DenyKill},
		"traced":         {Base: "connector", Allow: []string{"ptrace"}},
		"rules":          {Base: "default", Allow: []string{"bpf"}, Rules: rules},
		"rules, kill":    {Base: "default", Allow: []string{"bpf"}, Rules: rules, OnDeny: syscalls.DenyKill},
		"rules, traced":  {Base: "default", Allow: []string{"bpf", "ptrace"}, Rules: rules},
		"traced by half": {Base: "default", Allow: []string{"ptrace"}, Rules: []syscalls.SetRule{rule(t, "ptrace", "arg0 == 0")}},
	}
}

// TestRunscAnswersAsTheFilter evaluates what was lowered in another way than it was made.
func TestRunscAnswersAsTheFilter(t *testing.T) {
	for name, set := range sets(t) {
		for _, arch := range syscalls.Arches() {
			t.Run(name+" "+arch.String(), func(t *testing.T) {
				filter := filterOf(t, set, arch)
				s, losses := lower(t, filter)
				if difference := compare(filter, read(s), losses, 2000, 1); difference != "" {
					t.Error(difference)
				}
				again, _ := lower(t, filter)
				if !bytes.Equal(encoded(t, s), encoded(t, again)) {
					t.Error("one filter was lowered in two ways")
				}
			})
		}
	}
}

// TestRunscAnswersAsFiltersByHand: those answer one call in more ways than policies do.
func TestRunscAnswersAsFiltersByHand(t *testing.T) {
	const einval = 22
	tests := func(arg int, width syscalls.Width, op syscalls.Operator, values ...uint64) []syscalls.Test {
		test := syscalls.Test{Arg: arg, Width: width, Op: op}
		for _, v := range values {
			test.Values = append(test.Values, syscalls.Constant{Value: v})
		}
		return []syscalls.Test{test}
	}
	cases := []syscalls.Case{
		{When: tests(0, syscalls.Low32, syscalls.OneOf, 1, 2, 3), Then: syscalls.Allow},
		{When: tests(0, syscalls.Low32, syscalls.Less, 1000), Then: syscalls.Fail(syscalls.ENOSYS)},
		{When: tests(1, syscalls.All64, syscalls.AnyBit, 1, 1<<40), Then: syscalls.KillProcess},
		{When: tests(2, syscalls.Low16, syscalls.NoneOf, 5, 6), Then: syscalls.Fail(einval)},
		{When: tests(3, syscalls.All64, syscalls.GreaterOrEqual, 1<<33), Then: syscalls.Fail(syscalls.EPERM)},
	}
	for _, otherwise := range []syscalls.Action{syscalls.Allow, syscalls.KillProcess, syscalls.Fail(syscalls.EPERM), syscalls.Fail(syscalls.ENOSYS)} {
		for _, standard := range []syscalls.Action{syscalls.Allow, syscalls.KillProcess, syscalls.Fail(einval)} {
			for length := range len(cases) + 1 {
				filter := syscalls.Filter{
					Arch: syscalls.X86_64, Default: standard, Unknown: syscalls.Fail(syscalls.ENOSYS), Foreign: syscalls.KillProcess,
					Rules: []syscalls.Rule{{Name: "getppid", Number: 110, Cases: cases[:length], Otherwise: otherwise}},
				}
				s, losses := lower(t, filter)
				if difference := compare(filter, read(s), losses, 2000, 1); difference != "" {
					t.Errorf("%d cases, otherwise %s, default %s: %s", length, otherwise, standard, difference)
				}
			}
		}
	}
}

// somewhat are calls with arguments of every width.
var somewhat = []string{
	"read", "uname", "clone", "clone3", "socket", "ioctl", "prctl", "openat", "openat2", "fchmod", "fcntl", "mmap",
	"ptrace", "bpf", "unshare", "lseek", "mseal",
}

func someValue(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"0", "1", "2", "0o755", "0o4755", "0x10000", "0xffffffff", "0x100000002", "AF_INET", "AF_UNIX|AF_INET",
		"O_DIRECTORY", "CLONE_NEWUSER", "TIOCSTI", "0x8000000000000000", "16",
	}).Draw(t, "value")
}

func someCondition(t *rapid.T, call string) string {
	arg := rapid.IntRange(0, max(0, syscalls.Arguments(call)-1)).Draw(t, "arg")
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		return fmt.Sprintf("arg%d in [%s, %s]", arg, someValue(t), someValue(t))
	case 1:
		op := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op")
		return fmt.Sprintf("arg%d & %s %s %s", arg, someValue(t), op, someValue(t))
	}
	op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
	return fmt.Sprintf("arg%d %s %s", arg, op, someValue(t))
}

// someSet draws a set with up to two rules of up to two conditions a call.
func someSet(t *rapid.T) syscalls.Set {
	set := syscalls.Set{
		Base:   rapid.SampledFrom([]string{"connector", "default"}).Draw(t, "base"),
		OnDeny: rapid.SampledFrom([]syscalls.OnDeny{syscalls.DenyErrno, syscalls.DenyKill}).Draw(t, "on_deny"),
	}
	for _, name := range somewhat {
		switch rapid.IntRange(0, 5).Draw(t, name) {
		case 0:
			set.Allow = append(set.Allow, name)
		case 1:
			set.Deny = append(set.Deny, name)
		}
		for range rapid.IntRange(0, 2).Draw(t, "rules for "+name) {
			var when []string
			for range rapid.IntRange(1, 2).Draw(t, "conditions") {
				when = append(when, someCondition(t, name))
			}
			set.Rules = append(set.Rules, rule(t, name, when...))
			if set.Check() != nil {
				set.Rules = set.Rules[:len(set.Rules)-1]
			}
		}
	}
	return set
}

// TestRunscAnswersAsRandomFilters: also where runsc does not know some of the names, no
// call is executed that the filter denies.
func TestRunscAnswersAsRandomFilters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		filter := filterOf(t, someSet(t), rapid.SampledFrom(syscalls.Arches()).Draw(t, "arch"))
		s, losses, err := guestseccomp.Lower(filter)
		var large *guestseccomp.TooLargeError
		if errors.As(err, &large) {
			t.Skip(err)
		}
		r := read(s, rapid.SliceOfN(rapid.SampledFrom(somewhat), 0, 4).Draw(t, "unknown to runsc")...)
		if difference := compare(filter, r, losses, 100, rapid.Uint64().Draw(t, "seed")); difference != "" {
			t.Fatal(difference)
		}
	})
}

// TestComparisonNoticesDamage: it can fail.
func TestComparisonNoticesDamage(t *testing.T) {
	// In the list connector, two entries say of ioctl what holds without them.
	filter := filterOf(t, syscalls.Set{Base: "default"}, syscalls.X86_64)
	s, losses := lower(t, filter)
	damaged := func() bool {
		return compare(filter, read(s), losses, 0, 1) != ""
	}
	if damaged() {
		t.Fatal("control: it is damaged already")
	}
	for i := range s.Syscalls {
		entry := &s.Syscalls[i]
		for j := range entry.Args {
			arg := &entry.Args[j]
			for _, change := range []struct{ part, bits *uint64 }{{&arg.Value, new(uint64(1 << 63))}, {&arg.ValueTwo, new(uint64(1 << 4))}} {
				*change.part ^= *change.bits
				if !damaged() {
					t.Errorf("%v, argument %d: it may be %+v", entry.Names, arg.Index, *arg)
				}
				*change.part ^= *change.bits
			}
			arg.Op = specs.OpEqualTo
			if !damaged() {
				t.Errorf("%v, argument %d: it may be compared whole", entry.Names, arg.Index)
			}
			arg.Op = specs.OpMaskedEqual
		}
		for _, action := range []specs.LinuxSeccompAction{specs.ActAllow, specs.ActErrno, specs.ActTrace, specs.ActTrap} {
			before := entry.Action
			entry.Action = action
			if action != before && !damaged() {
				t.Errorf("%v: the action may be %s", entry.Names, action)
			}
			entry.Action = before
		}
	}
}

func encoded(t *testing.T, s *specs.LinuxSeccomp) []byte {
	t.Helper()
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// TestBaseListsAreReviewed: the golden files are what a policy without changes gives.
func TestBaseListsAreReviewed(t *testing.T) {
	for _, base := range syscalls.Bases() {
		for _, arch := range syscalls.Arches() {
			filter, err := syscalls.Set{Base: base.Name}.Filter(arch)
			if base.Open {
				if !errors.Is(err, syscalls.ErrNoFilter) {
					t.Errorf("%s: %v, want no filter", base.Name, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			s, _, err := guestseccomp.Lower(filter)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", base.Name+"_"+arch.String()+".json")
			if *update {
				if err := os.WriteFile(path, encoded(t, s), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if reviewed, err := os.ReadFile(path); err != nil || !bytes.Equal(encoded(t, s), reviewed) {
				t.Errorf("%s differs; run go test -update and look at the difference (%v)", path, err)
			}
		}
	}
}
