//go:build linux

package integration

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"runtime"
)

// exiting is a static program that makes one call: exit_group(0).
func exiting() []byte {
	machine, code := elf.EM_X86_64, []byte{0x31, 0xff, 0xb8, 0xe7, 0, 0, 0, 0x0f, 0x05} // xor edi,edi; mov eax,231; syscall
	if runtime.GOARCH == "arm64" {
		machine, code = elf.EM_AARCH64, []byte{0, 0, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4} // mov x0,0; mov x8,94; svc 0
	}
	const base, header, segment = 0x400000, 64, 56
	size := uint64(header + segment + len(code))
	var out bytes.Buffer
	for _, part := range []any{
		elf.Header64{
			Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
			Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
			Entry: base + header + segment, Phoff: header, Ehsize: header, Phentsize: segment, Phnum: 1,
		},
		elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: base, Paddr: base,
			Filesz: size, Memsz: size, Align: 0x1000,
		},
		code,
	} {
		_ = binary.Write(&out, binary.LittleEndian, part)
	}
	return out.Bytes()
}
