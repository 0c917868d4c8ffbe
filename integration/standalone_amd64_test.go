//go:build linux

package integration

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// standaloneI386Mkdir is a program that makes a directory by the i386 system call
// entry, which every x86-64 process can use, and exits with the errno.
func standaloneI386Mkdir(directory string) []byte {
	const base, headers = 0x400000, 64 + 56
	code := []byte{
		0xb8, 39, 0, 0, 0, // mov eax, 39: mkdir in the table of i386
		0xbb, 0, 0, 0, 0, // mov ebx, the path
		0xb9, 0xed, 0x01, 0, 0, // mov ecx, 0755
		0xcd, 0x80, // int 0x80
		0xf7, 0xd8, // neg eax
		0x89, 0xc7, // mov edi, eax
		0xb8, 60, 0, 0, 0, // mov eax, 60: exit
		0x0f, 0x05, // syscall
	}
	binary.LittleEndian.PutUint32(code[6:], uint32(base+headers+len(code)))
	size := uint64(headers + len(code) + len(directory) + 1)
	var elf bytes.Buffer
	elf.WriteString("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	for _, field := range []any{
		// The ELF header: an executable of x86-64, one program header.
		uint16(2), uint16(62), uint32(1), uint64(base + headers), uint64(64), uint64(0),
		uint32(0), uint16(64), uint16(56), uint16(1), uint16(0), uint16(0), uint16(0),
		// The program header: load all of the file, readable and executable.
		uint32(1), uint32(5), uint64(0), uint64(base), uint64(base), size, size, uint64(4096),
	} {
		_ = binary.Write(&elf, binary.LittleEndian, field)
	}
	elf.Write(code)
	elf.WriteString(directory + "\x00")
	return elf.Bytes()
}

// TestStandaloneI386: only seccomp.block-secondary closes the other table.
func TestStandaloneI386(t *testing.T) {
	dir := tree(t)
	made := filepath.Join(owned(t, filepath.Join(dir, "write")), "made")
	program := file(t, filepath.Join(dir, "exec", "mkdir"), string(standaloneI386Mkdir(made)), 0o755)
	s := standalonePolicy{exec: []string{dir + "/exec"}, rest: "write = ['DIR/write']\n", dir: dir}
	for _, c := range []struct {
		name, profile string
		code          int
	}{
		{"outside", "", 0},
		{"inside", s.profile(t), int(unix.EPERM)},
		{"without block-secondary", s.profile(t,
			"seccomp io_uring_setup,io_uring_enter,io_uring_register\n", "seccomp mkdir\n",
			"seccomp.block-secondary\n", ""), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			finish(t, standaloneWorld{}.command(c.profile, program)).must(t, c.code)
			if err := os.Remove(made); (err == nil) != (c.code == 0) {
				t.Errorf("removing the directory that it made: %v", err)
			}
		})
	}
}
