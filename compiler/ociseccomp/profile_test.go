package ociseccomp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"confine/compiler/ociseccomp"
	"confine/policy/syscalls"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden are the sets whose profiles are reviewed; the others only differ in length.
var golden = []string{"connector", "changed"}

// document is the JSON as a container engine reads it, by the documentation of Docker
// and of the OCI runtime specification.
type document struct {
	DefaultAction   string
	DefaultErrnoRet uint
	Architectures   []string
	Syscalls        []struct {
		Names    []string
		Action   string
		ErrnoRet uint
		Args     []struct {
			Index           uint
			Value, ValueTwo uint64
			Op              string
		}
	}
}

func read(t testing.TB, data []byte) document {
	t.Helper()
	var d document
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	for _, entry := range d.Syscalls {
		seen := map[uint]bool{}
		for _, arg := range entry.Args {
			// libseccomp 2.5.4 compiles several rules of these and of no other operators
			// correctly; runc takes two of one index as alternatives.
			if arg.Op != "SCMP_CMP_MASKED_EQ" || seen[arg.Index] || arg.ValueTwo&^arg.Value != 0 || arg.Index > 5 {
				t.Errorf("%v: argument %+v", entry.Names, arg)
			}
			seen[arg.Index] = true
		}
	}
	return d
}

// allows reports whether an entry that matches allows a call; that others do not is an
// error, because libseccomp promises no order.
func (d document) allows(name string, args [6]uint64) (bool, error) {
	answers := map[string]bool{}
	for _, entry := range d.Syscalls {
		if !slices.Contains(entry.Names, name) {
			continue
		}
		all := true
		for _, arg := range entry.Args {
			all = all && args[arg.Index]&arg.Value == arg.ValueTwo
		}
		if all {
			answers[fmt.Sprint(entry.Action, entry.ErrnoRet)] = true
		}
	}
	if len(answers) > 1 {
		return false, fmt.Errorf("%s%#x has the answers %v", name, args, answers)
	}
	return answers["SCMP_ACT_ALLOW0"], nil
}

func filterOf(t testing.TB, set syscalls.Set, arch syscalls.Arch) syscalls.Filter {
	t.Helper()
	filter, err := set.Filter(arch)
	if err != nil {
		t.Fatal(err)
	}
	return filter
}

// points are the values that a rule compares arguments with and their neighbours.
func points(rule syscalls.Rule) []uint64 {
	values := map[uint64]bool{0: true, 1: true, 1 << 31: true, 1 << 32: true, 1 << 63: true, 0xffffffff: true, ^uint64(0): true}
	for _, c := range rule.Cases {
		for _, test := range c.When {
			for _, v := range append(slices.Clone(test.Values), syscalls.Constant{Value: test.Bits()}) {
				for _, near := range []uint64{v.Value - 1, v.Value, v.Value + 1, ^v.Value, v.Value | 0xdeadbeef<<32, v.Value ^ 1<<31} {
					values[near] = true
				}
				for bit := range 64 {
					values[v.Value^1<<bit] = true
				}
			}
		}
	}
	var all []uint64
	for v := range values {
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}

// compare asks both about every call, at the boundaries of what the filter looks at.
func compare(t testing.TB, filter syscalls.Filter, d document) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for name, number := range filter.Arch.Calls() {
		rule, _ := filter.Rule(number)
		values := points(rule)
		pick := func() uint64 { return values[random.IntN(len(values))] }
		tries := 2
		if len(rule.Cases) > 0 {
			tries = 6000
		}
		for try := range tries {
			args := [6]uint64{pick(), pick(), pick(), pick(), pick(), pick()}
			if try < len(values) {
				for arg := range args {
					args[arg] = values[try]
				}
			}
			want := filter.Decide(syscalls.Data{Number: number, Arch: filter.Arch, Args: args}) == syscalls.Allow
			got, err := d.allows(name, args)
			if err != nil || got != want {
				t.Fatalf("%s%#x: the profile allows %v, the filter %v; %v", name, args, got, want, err)
			}
		}
	}
}

func condition(t testing.TB, text string) syscalls.Condition {
	t.Helper()
	c, err := syscalls.ParseCondition(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rule(t testing.TB, call string, texts ...string) syscalls.SetRule {
	t.Helper()
	r := syscalls.SetRule{Syscall: call}
	for _, text := range texts {
		r.When = append(r.When, condition(t, text))
	}
	return r
}

// sets are every form that a policy can have.
func sets(t testing.TB) map[string]syscalls.Set {
	t.Helper()
	return map[string]syscalls.Set{
		"connector": {Base: "connector"},
		"default":   {Base: "default"},
		"changed":   {Base: "connector", Allow: []string{"ptrace", "ioctl"}, Deny: []string{"uname", "clone3"}},
		"kill":      {Base: "connector", OnDeny: syscalls.DenyKill},
		"rules": {Base: "default", Allow: []string{"bpf"}, Rules: []syscalls.SetRule{
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
		}},
	}
}

// TestProfilesAllowWhatFiltersAllow evaluates the JSON in another way than it was made.
func TestProfilesAllowWhatFiltersAllow(t *testing.T) {
	for name, set := range sets(t) {
		for _, arch := range syscalls.Arches() {
			t.Run(name+" "+arch.String(), func(t *testing.T) {
				filter := filterOf(t, set, arch)
				data, err := ociseccomp.Marshal(filter)
				if err != nil {
					t.Fatal(err)
				}
				again, err := ociseccomp.Marshal(filter)
				if err != nil || !bytes.Equal(data, again) {
					t.Error("two profiles of one filter differ")
				}
				d := read(t, data)
				compare(t, filter, d)
				for call, number := range filter.Arch.Calls() {
					if r, named := filter.Rule(number); !named || len(r.Cases) == 0 {
						checkPlain(t, d, call, filter.Decide(syscalls.Data{Number: number, Arch: arch}))
					}
				}
				if !slices.Contains(golden, name) {
					return
				}
				path := filepath.Join("testdata", name+"_"+arch.String()+".json")
				if *update {
					if err := os.WriteFile(path, data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if want, err := os.ReadFile(path); err != nil || !bytes.Equal(data, want) {
					t.Errorf("%s differs; run go test -update and look at the difference (%v)", path, err)
				}
			})
		}
	}
}

// checkPlain compares the error of a call that does not depend on arguments.
func checkPlain(t *testing.T, d document, call string, want syscalls.Action) {
	t.Helper()
	action, errno := d.DefaultAction, d.DefaultErrnoRet
	for _, entry := range d.Syscalls {
		if slices.Contains(entry.Names, call) {
			action, errno = entry.Action, entry.ErrnoRet
		}
	}
	got := syscalls.Fail(syscalls.Errno(errno))
	switch action {
	case "SCMP_ACT_ALLOW":
		got = syscalls.Allow
	case "SCMP_ACT_KILL_PROCESS":
		got = syscalls.KillProcess
	}
	if got != want {
		t.Errorf("%s: %s, want %s", call, got, want)
	}
}

// TestReaderNoticesDamage: the comparison can fail.
func TestReaderNoticesDamage(t *testing.T) {
	filter := filterOf(t, syscalls.Set{Base: "connector"}, syscalls.X86_64)
	data, err := ociseccomp.Marshal(filter)
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, data)
	for i, entry := range d.Syscalls {
		for j := range entry.Args {
			entry.Args[j].ValueTwo ^= 1 << 4
			if agree(filter, d) {
				t.Errorf("entry %d, argument %d may have another value", i, j)
			}
			entry.Args[j].ValueTwo ^= 1 << 4
		}
	}
}

func agree(filter syscalls.Filter, d document) bool {
	for _, rule := range filter.Rules {
		for _, x := range points(rule) {
			args := [6]uint64{x, x, x, x, x, x}
			got, err := d.allows(rule.Name, args)
			if err != nil || got != (filter.Decide(syscalls.Data{Number: rule.Number, Arch: filter.Arch, Args: args}) == syscalls.Allow) {
				return false
			}
		}
	}
	return true
}

func TestTooManyEntries(t *testing.T) {
	set := syscalls.Set{Base: "default", Rules: []syscalls.SetRule{
		rule(t, "mmap", "arg0 != 0x123456789", "arg1 != 0x987654321", "arg5 < 0x7777777777777777"),
	}}
	var tooLarge *ociseccomp.TooLargeError
	if _, err := ociseccomp.Marshal(filterOf(t, set, syscalls.X86_64)); !errors.As(err, &tooLarge) || tooLarge.Syscall != "mmap" {
		t.Errorf("%v", err)
	}
}
