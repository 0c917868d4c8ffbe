//go:build linux

package integration

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"confine/compiler/firejail"
	"confine/policy/syscalls"
)

// TestDefaultListOfFirejail reads the program that firejail's own tool writes for
// "seccomp": what a policy allows is lifted from that list by name.
func TestDefaultListOfFirejail(t *testing.T) {
	tools, err := filepath.Glob("/usr/lib/*/firejail/fseccomp")
	if err != nil || len(tools) != 1 {
		t.Fatalf("fseccomp is in %q, %v", tools, err)
	}
	file := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command(tools[0], "default", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	arch, err := syscalls.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	var denied []string
	for ; len(program) >= 8; program = program[8:] {
		const jumpIfEqual = 0x15
		number := binary.NativeEndian.Uint32(program[4:])
		if binary.NativeEndian.Uint16(program) != jumpIfEqual || syscalls.Arch(number) == arch {
			continue
		}
		name, ok := arch.Name(number)
		if !ok {
			t.Errorf("firejail denies call %d, which has no name", number)
		}
		denied = append(denied, name)
	}
	var known []string
	for _, name := range firejail.DefaultList() {
		if _, err := arch.Number(name); err == nil {
			known = append(known, name)
		}
	}
	slices.Sort(denied)
	slices.Sort(known)
	if denied = slices.Compact(denied); !slices.Equal(denied, known) {
		t.Errorf("firejail denies\n%q\nthe compiler knows\n%q", denied, known)
	}
}
