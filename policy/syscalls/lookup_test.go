package syscalls

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTablesAreCurrent reads the constants in another way than the generator, so
// that a new golang.org/x/sys without go generate is noticed.
func TestTablesAreCurrent(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Skipf("no go command to find golang.org/x/sys with: %v", err)
	}
	constant := regexp.MustCompile(`(?m)^\tSYS_(\w+) += (\d+)$`)
	for arch, goarch := range map[Arch]string{X86_64: "amd64", AArch64: "arm64"} {
		path := filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+goarch+".go")
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		matches := constant.FindAllStringSubmatch(string(source), -1)
		found := 0
		for _, match := range matches {
			name := strings.ToLower(match[1])
			if name == "arch_specific_syscall" {
				continue
			}
			found++
			want, _ := strconv.ParseUint(match[2], 10, 32)
			if got, err := arch.Number(name); err != nil || got != uint32(want) {
				t.Errorf("%s %s: %d, %v, want %d", arch, name, got, err, want)
			}
		}
		if found != len(arch.table()) {
			t.Errorf("%s: golang.org/x/sys has %d calls, the table %d", arch, found, len(arch.table()))
		}
	}
}

func TestNumberAndName(t *testing.T) {
	for _, tt := range []struct {
		arch   Arch
		name   string
		number uint32
	}{
		{X86_64, "read", 0},
		{X86_64, "newfstatat", 262},
		{AArch64, "newfstatat", 79},
		{AArch64, "read", 63},
		// libseccomp 2.5.4 does not know these.
		{X86_64, "statmount", 457},
		{AArch64, "mseal", 462},
		{X86_64, "file_getattr", 468},
	} {
		if got, err := tt.arch.Number(tt.name); err != nil || got != tt.number {
			t.Errorf("%s %s: %d, %v, want %d", tt.arch, tt.name, got, err, tt.number)
		}
		if got, ok := tt.arch.Name(tt.number); !ok || got != tt.name {
			t.Errorf("%s %d: %q, want %q", tt.arch, tt.number, got, tt.name)
		}
	}
	// The gap between the historic numbers and the common ones.
	if name, ok := X86_64.Name(400); ok {
		t.Errorf("x86_64 400 has the name %q", name)
	}
}

func TestUnknownNameSuggests(t *testing.T) {
	for name, want := range map[string]string{
		"ptrcae":    "ptrace",
		"fstatat":   "newfstatat",
		"sigaction": "rt_sigaction",
		"umount":    "umount2",
		"opnat":     "openat",
	} {
		_, err := X86_64.Number(name)
		var suggested []string
		var unknown *UnknownSyscallError
		var foreign *ForeignSyscallError
		switch {
		case errors.As(err, &unknown):
			suggested = unknown.Nearest()
		case errors.As(err, &foreign):
			suggested = foreign.Nearest()
		}
		if !slices.Contains(suggested, want) {
			t.Errorf("%s: %v suggests %q, want %s among them", name, err, suggested, want)
		}
	}
	_, err := X86_64.Number("florble_the_wug")
	if err == nil || err.Error() != `unknown system call "florble_the_wug"` {
		t.Errorf("a name like no other: %v", err)
	}
}

func TestNameOfAnotherArchitecture(t *testing.T) {
	_, err := AArch64.Number("open")
	var elsewhere *OtherArchError
	if !errors.As(err, &elsewhere) {
		t.Fatalf("got %v, want an OtherArchError", err)
	}
	if want := `aarch64 has no system call "open", only x86_64 has`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestNameOfNoArchitecture(t *testing.T) {
	err := CheckName("waitpid")
	var foreign *ForeignSyscallError
	if !errors.As(err, &foreign) {
		t.Fatalf("%v, want a ForeignSyscallError", err)
	}
	if want := `neither x86_64 nor aarch64 has the system call "waitpid"; did you mean waitid?`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if err := CheckName("open"); err != nil {
		t.Errorf("open, which x86_64 has: %v", err)
	}
}

func TestParseArch(t *testing.T) {
	for _, arch := range Arches() {
		if got, err := ParseArch(arch.String()); err != nil || got != arch {
			t.Errorf("%s: %v, %v", arch, got, err)
		}
	}
	if _, err := ParseArch("riscv64"); err == nil {
		t.Error("riscv64 is accepted")
	}
}
