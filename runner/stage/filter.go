//go:build linux

package stage

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/compiler"
)

// filterOf is the program of an order, empty only where the policy wants none.
func filterOf(e compiler.Expectation) ([]unix.SockFilter, error) {
	if e.Unfiltered && len(e.Filter) == 0 {
		return nil, nil
	}
	return decodeFilter(e.Filter)
}

// decodeFilter reads sock_filter records in the byte order of the host.
func decodeFilter(data []byte) ([]unix.SockFilter, error) {
	const record = 8
	if len(data) == 0 || len(data)%record != 0 {
		return nil, fmt.Errorf("seccomp filter of %d bytes is not made of %d-byte records", len(data), record)
	}
	program := make([]unix.SockFilter, 0, len(data)/record)
	for ; len(data) > 0; data = data[record:] {
		program = append(program, unix.SockFilter{
			Code: binary.NativeEndian.Uint16(data), Jt: data[2], Jf: data[3], K: binary.NativeEndian.Uint32(data[4:]),
		})
	}
	return program, nil
}

// loadFilter puts the calling thread under a filter. Other threads keep theirs:
// with TSYNC and a strict filter, threads of the Go runtime died before execve.
// An empty program, which only an unfiltered order has, loads nothing.
func loadFilter(program []unix.SockFilter) unix.Errno {
	if len(program) == 0 {
		return 0
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog)))
	return e
}

// canaries are compiler.FilterCanaries with arguments that do nothing: no flags,
// nothing asked for, one's own priority.
var canaries = map[string]struct {
	shown        string
	number, arg0 uintptr
}{
	"unshare":       {"unshare(0)", unix.SYS_UNSHARE, 0},
	"get_mempolicy": {"get_mempolicy(0)", unix.SYS_GET_MEMPOLICY, 0},
	"ioprio_get":    {"ioprio_get(1, 0)", unix.SYS_IOPRIO_GET, 1},
}

// checkFilter loads the filter on a thread of its own, which ends afterwards,
// and tries there what worked a moment before.
func checkFilter(e compiler.Expectation, program []unix.SockFilter) []Check {
	if e.Unfiltered {
		return []Check{equal("syscalls.base", "instructions of the filter", e.FilterAt, "0", strconv.Itoa(len(program)))}
	}
	call, known := canaries[e.FilterCanary]
	if !known {
		return []Check{equal("syscalls.base", "canary of the filter", e.FilterAt, "one that the stage knows", e.FilterCanary)}
	}
	canary := func() unix.Errno {
		_, _, errno := unix.RawSyscall6(call.number, call.arg0, 0, 0, 0, 0, 0)
		return errno
	}
	before := canary()
	result := make(chan [2]unix.Errno)
	go func() {
		// Never unlocked, so that the thread ends with the goroutine.
		runtime.LockOSThread()
		load := loadFilter(program)
		result <- [2]unix.Errno{load, canary()}
	}()
	got := <-result
	found := "loaded"
	if got[0] != 0 {
		found = unix.ErrnoName(got[0])
	}
	denied := equal("syscalls.base", call.shown+" under the filter", e.FilterAt, "EPERM", unix.ErrnoName(got[1]))
	if got[1] == 0 {
		denied.Found = "allowed"
	}
	if before != 0 && denied.Status == Proven {
		denied.Status = Unproven
	}
	return []Check{equal("syscalls.base", "filter", e.FilterAt, "loaded", found), denied}
}
