package seccomp

import "fmt"

// CheckKernel returns what makes the kernel refuse to load p, or nil: the rules of
// bpf_check_classic (net/core/filter.c) and seccomp_check_filter
// (kernel/seccomp.c), also for instructions that nothing reaches. It refuses more
// than they do: every instruction that no generator emits.
func (p Program) CheckKernel() error {
	if len(p) == 0 || len(p) > maxInstructions {
		return fmt.Errorf("seccomp: a program of %d instructions, the kernel takes 1 to %d", len(p), maxInstructions)
	}
	for index, in := range p {
		// The instructions after this one: a jump has to end at one of them.
		left := uint32(len(p) - 1 - index)
		switch {
		case in.branches():
			if uint32(in.JT) >= left || uint32(in.JF) >= left {
				return fmt.Errorf("seccomp: instruction %d jumps out of the program", index)
			}
		case in.Code == opJump:
			if in.K >= left {
				return fmt.Errorf("seccomp: instruction %d jumps out of the program", index)
			}
		case in.Code == opLoad:
			if in.K >= dataSize || in.K%4 != 0 || in.K >= offsetInstructionPointer && in.K < offsetArgs {
				return fmt.Errorf("seccomp: instruction %d loads from byte %d", index, in.K)
			}
		case in.Code != opAnd && in.Code != opReturn:
			return fmt.Errorf("seccomp: instruction %d has operation %#x", index, in.Code)
		}
	}
	if p[len(p)-1].Code != opReturn {
		return fmt.Errorf("seccomp: the last of %d instructions does not return", len(p))
	}
	return nil
}
