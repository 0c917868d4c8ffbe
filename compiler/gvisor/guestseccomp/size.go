package guestseccomp

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
)

const (
	// maxEntries bounds the entries of one call: runsc compiles each at every start.
	maxEntries = 128
	// maxInstructions is the longest program that runsc starts with (pkg/bpf/bpf.go).
	maxInstructions = 4096
)

// A TooLargeError is a filter whose conditions are more than runsc should or can load.
type TooLargeError struct {
	// Syscall is the call whose conditions alone are too many, or empty.
	Syscall string
}

func (e *TooLargeError) Error() string {
	if e.Syscall == "" {
		return fmt.Sprintf("the filter may take runsc more than %d instructions", maxInstructions)
	}
	return fmt.Sprintf("the conditions of %s take more than %d entries", e.Syscall, maxEntries)
}

// instructions is how many s takes at most. runsc compares the halves of an argument one by
// one, each with a load, a mask, a comparison and a jump, and then returns; it finds numbers
// by a tree, and joins what has the same answer (pkg/seccomp/seccomp.go). What it makes in
// the end is less than half of that.
func instructions(s *specs.LinuxSeccomp) int {
	const frame, plain, entry, half = 16, 3, 2, 4
	n := frame
	for _, e := range s.Syscalls {
		if len(e.Args) == 0 {
			n += plain * len(e.Names)
			continue
		}
		n += entry
		for _, arg := range e.Args {
			if arg.Value>>32 != 0 {
				n += half
			}
			if arg.Value&0xffffffff != 0 {
				n += half
			}
		}
	}
	return n
}
