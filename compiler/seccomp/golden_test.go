package seccomp

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"confine/policy/syscalls"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestGolden shows every change of a base list and of the generator in review.
func TestGolden(t *testing.T) {
	for _, base := range filteringBases {
		for _, arch := range syscalls.Arches() {
			compareGolden(t, base, arch)
		}
	}
}

func compareGolden(t *testing.T, base string, arch syscalls.Arch) {
	t.Helper()
	filter := baseFilter(t, base, arch)
	program, err := Compile(filter)
	if err != nil {
		t.Fatal(err)
	}
	got := filter.String() + "\n" + program.String()
	path := filepath.Join("testdata", base+"_"+arch.String()+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test -update and look at the difference:\n%s", path, got)
	}
}

func TestMarshalBinary(t *testing.T) {
	program := Program{
		{Code: opLoad, K: offsetArch},
		{Code: opJumpEqual, JT: 1, JF: 2, K: uint32(syscalls.X86_64)},
		{Code: opReturn, K: uint32(syscalls.KillProcess)},
	}
	raw, err := program.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	want := "\x20\x00\x00\x00\x04\x00\x00\x00" + "\x15\x00\x01\x02\x3e\x00\x00\xc0" + "\x06\x00\x00\x00\x00\x00\x00\x80"
	if string(raw) != want {
		t.Errorf("got %x, want %x", raw, want)
	}
}
