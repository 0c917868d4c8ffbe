//go:build linux

package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredfirejail/change"
)

// doctorCalls installs a filter that answers calls without making them. It has to
// come before root is given up: without it, a filter takes no_new_privs.
func doctorCalls(answers []change.Answer) error {
	if len(answers) == 0 {
		return nil
	}
	program := compile(answers)
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog))); e != 0 {
		return fmt.Errorf("install a filter: %w", e)
	}
	return nil
}

// compile tries one answer after the other; see struct seccomp_data in seccomp(2).
func compile(answers []change.Answer) []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	give := func(verdict uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: verdict}
	}
	const number, arguments = 0, 16
	var program []unix.SockFilter
	for _, a := range answers {
		conditions := append([]change.Argument{{Value: a.Call}}, a.Arguments...)
		for i, c := range conditions {
			offset := uint32(number)
			if i > 0 {
				offset = arguments + 8*c.Number
			}
			// Where the condition does not hold: over the two of each that follows, and
			// over the answer.
			out := uint8(2*(len(conditions)-i-1) + 1)
			jump := unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: c.Value, Jf: out}
			if c.Not {
				jump.Jt, jump.Jf = out, 0
			}
			program = append(program, load(offset), jump)
		}
		program = append(program, give(unix.SECCOMP_RET_ERRNO|uint32(a.Errno)))
	}
	return append(program, give(unix.SECCOMP_RET_ALLOW))
}
