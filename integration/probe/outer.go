//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// outer are filters that a host may have put around firejail: each denies one
// system call with EPERM, where the first argument under the mask has the value.
var outer = map[string]struct{ number, mask, value uint32 }{
	"seccomp":        {unix.SYS_PRCTL, 0xffffffff, unix.PR_SET_SECCOMP},
	"user-namespace": {unix.SYS_UNSHARE, unix.CLONE_NEWUSER, unix.CLONE_NEWUSER},
}

// under runs a program under one of these filters. It needs CAP_SYS_ADMIN: with
// no_new_privs instead, set-user-ID programs would not be any more.
func under(name string, program []string) error {
	deny, ok := outer[name]
	if !ok || len(program) == 0 {
		return fmt.Errorf("probe under: no filter %q, or no program", name)
	}
	// Offsets are those of struct seccomp_data: nr at 0, args[0] at 16.
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: deny.number, Jf: 4},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: deny.mask},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: deny.value, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	// The filter is the thread's, and execve(2) keeps that of the calling thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, errno := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog))); errno != 0 {
		return fmt.Errorf("load a filter, which takes CAP_SYS_ADMIN: %w", errno)
	}
	return syscall.Exec(program[0], program, os.Environ())
}
