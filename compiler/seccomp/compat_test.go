//go:build linux && amd64

package seccomp

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestInt80KillsTheProcess makes a 32-bit call from a 64-bit program. Filters
// that only look at numbers take it for another call.
func TestInt80KillsTheProcess(t *testing.T) {
	const survived = 7
	path := filepath.Join(t.TempDir(), "int80")
	program := staticProgram([]byte{
		0xb8, 20, 0, 0, 0, // mov eax, 20 (getpid on i386, writev on x86_64)
		0xcd, 0x80, // int 0x80
		0xbf, survived, 0, 0, 0, // mov edi, survived
		0xb8, 60, 0, 0, 0, // mov eax, 60 (exit on x86_64)
		0x0f, 0x05, // syscall
	})
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	statusOf := func(filtered bool) syscall.WaitStatus {
		var exit *exec.ExitError
		if err := subject(t, "exec", filtered, path).Run(); !errors.As(err, &exit) {
			t.Fatalf("the program ended with %v", err)
		}
		return exit.Sys().(syscall.WaitStatus)
	}
	if status := statusOf(true); !status.Signaled() || status.Signal() != syscall.SIGSYS {
		t.Errorf("exit status %d, signal %d under the filter, want signal %d", status.ExitStatus(), status.Signal(), syscall.SIGSYS)
	}
	if status := statusOf(false); status.ExitStatus() != survived {
		t.Skipf("no control: this kernel has no 32-bit calls, wait status %#x without the filter", status)
	}
}

// staticProgram returns an ELF executable of one segment that runs code.
func staticProgram(code []byte) []byte {
	const base, headers = 0x400000, 64 + 56
	size := uint64(headers + len(code))
	var out bytes.Buffer
	_ = binary.Write(&out, binary.LittleEndian, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{
			0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT),
		},
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Entry: base + headers, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	})
	_ = binary.Write(&out, binary.LittleEndian, elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X),
		Vaddr: base, Paddr: base, Filesz: size, Memsz: size, Align: 0x1000,
	})
	out.Write(code)
	return out.Bytes()
}
