//go:build linux

package integration

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/net/bpf"

	"confine/compiler/ociseccomp"
	"confine/policy/syscalls"
)

// TestLibseccompCompilesTheProfile: the JSON says what the filter says also after the
// library that container engines compile it with, whose Debian version compiles other
// forms of several rules for one call wrongly.
func TestLibseccompCompilesTheProfile(t *testing.T) {
	arch, err := syscalls.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	var rules []syscalls.SetRule
	for _, rule := range [][]string{
		{"socket", "arg0 in [AF_INET, AF_INET6]", "arg1 & 0xf != SOCK_RAW"},
		{"socket", "arg0 == AF_UNIX"},
		{"lseek", "arg1 <= 2"},
		{"lseek", "arg1 >= 0x100000001"},
		{"kill", "arg1 != 9"},
	} {
		when := syscalls.SetRule{Syscall: rule[0]}
		for _, text := range rule[1:] {
			c, err := syscalls.ParseCondition(text)
			if err != nil {
				t.Fatal(err)
			}
			when.When = append(when.When, c)
		}
		rules = append(rules, when)
	}
	for name, set := range map[string]syscalls.Set{
		"connector": {Base: "connector"}, "default": {Base: "default"}, "rules": {Base: "default", Rules: rules},
	} {
		t.Run(name, func(t *testing.T) {
			filter, err := set.Filter(arch)
			if err != nil {
				t.Fatal(err)
			}
			machine := byLibseccomp(t, filter)
			for _, rule := range filter.Rules {
				compareWithLibseccomp(t, machine, filter, rule)
			}
		})
	}
}

// byLibseccomp is the program that libseccomp makes of the profile of a filter.
func byLibseccomp(t *testing.T, filter syscalls.Filter) *bpf.VM {
	t.Helper()
	profile, err := ociseccomp.Marshal(filter)
	if err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(t.TempDir(), "program")
	script := exec.Command("/usr/bin/python3", "testdata/libseccomp.py", file(t, filepath.Join(t.TempDir(), "seccomp.json"), string(profile), 0o644), output)
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	var raw []bpf.RawInstruction
	for ; len(data) >= 8; data = data[8:] {
		raw = append(raw, bpf.RawInstruction{
			Op: binary.NativeEndian.Uint16(data), Jt: data[2], Jf: data[3], K: binary.NativeEndian.Uint32(data[4:]),
		})
	}
	program, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("libseccomp's program has instructions that nobody knows")
	}
	machine, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	return machine
}

// unknownToLibseccomp are the calls of the base lists that are newer than the library of
// Debian 12: it denies them.
var unknownToLibseccomp = map[string]bool{
	"getxattrat": true, "listxattrat": true, "mseal": true, "removexattrat": true, "setxattrat": true,
}

func compareWithLibseccomp(t *testing.T, machine *bpf.VM, filter syscalls.Filter, rule syscalls.Rule) {
	t.Helper()
	points := []uint64{0, 1, 2, 3, 9, 0x10, 1 << 31, 0xffffffff, 1 << 32, 0x100000001, 1 << 63, ^uint64(0)}
	for _, c := range rule.Cases {
		for _, test := range c.When {
			for _, v := range test.Values {
				points = append(points, v.Value-1, v.Value, v.Value+1, v.Value|0xdeadbeef<<32, v.Value^1<<32, ^v.Value)
			}
		}
	}
	tries := 1
	if len(rule.Cases) > 0 {
		tries = 3000
	}
	random := rand.New(rand.NewPCG(uint64(rule.Number), 1))
	for range tries {
		call := syscalls.Data{Number: rule.Number, Arch: filter.Arch}
		for arg := range call.Args {
			call.Args[arg] = points[random.IntN(len(points))]
		}
		// The machine reads words in network order where the kernel reads them in its own.
		packet := binary.BigEndian.AppendUint32(nil, call.Number)
		packet = binary.BigEndian.AppendUint32(packet, uint32(call.Arch))
		packet = append(packet, make([]byte, 8)...)
		for _, arg := range call.Args {
			packet = binary.BigEndian.AppendUint32(packet, uint32(arg))
			packet = binary.BigEndian.AppendUint32(packet, uint32(arg>>32))
		}
		answer, err := machine.Run(packet)
		if err != nil {
			t.Fatal(err)
		}
		want := filter.Decide(call) == syscalls.Allow && !unknownToLibseccomp[rule.Name]
		if got := syscalls.Action(answer) == syscalls.Allow; got != want {
			t.Fatalf("libseccomp's program allows %s%#x: %v, the filter says %v", rule.Name, call.Args, got, want)
		}
	}
}
