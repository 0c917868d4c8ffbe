package syscalls

import "fmt"

// Arch is an architecture as the kernel tells it to a filter: the value is the
// AUDIT_ARCH constant of include/uapi/linux/audit.h that struct seccomp_data
// carries. The zero Arch is no architecture.
type Arch uint32

// The architectures that filters can be compiled for. Both are 64-bit and
// little-endian.
const (
	X86_64  Arch = 0xc000003e // AUDIT_ARCH_X86_64
	AArch64 Arch = 0xc00000b7 // AUDIT_ARCH_AARCH64
)

// The 32-bit system call tables that kernels of the two architectures also
// answer to: to `int $0x80` on x86_64, to 32-bit programs on aarch64.
const (
	I386 Arch = 0x40000003 // AUDIT_ARCH_I386
	ARM  Arch = 0x40000028 // AUDIT_ARCH_ARM
)

// X32Bit marks a system call of the x32 ABI. Those calls carry
// AUDIT_ARCH_X86_64, so that only their number tells them from native ones.
const X32Bit = 0x40000000

// Arches returns the architectures that filters can be compiled for.
func Arches() []Arch {
	return []Arch{X86_64, AArch64}
}

// String is the name that uname(2) gives as machine.
func (a Arch) String() string {
	switch a {
	case X86_64:
		return "x86_64"
	case AArch64:
		return "aarch64"
	case I386:
		return "i386"
	case ARM:
		return "arm"
	}
	return fmt.Sprintf("architecture %#x", uint32(a))
}

// ParseArch is the inverse of [Arch.String] for the architectures of [Arches].
// It also takes Go's names for them, amd64 and arm64.
func ParseArch(name string) (Arch, error) {
	switch name {
	case "x86_64", "amd64":
		return X86_64, nil
	case "aarch64", "arm64":
		return AArch64, nil
	}
	return 0, fmt.Errorf("syscalls: no filters for architecture %q, only for x86_64 and aarch64", name)
}
