//go:build linux

package stage

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// image is what execve(2) takes, and the filter that comes before it, as pointers:
// under the filter there is no more Go than two system calls.
type image struct {
	filter                 unix.SockFprog
	path                   *byte
	arguments, environment []*byte
}

func newImage(path string, arguments, environment []string, program []unix.SockFilter) (*image, error) {
	img := &image{}
	// An empty program, which only an unfiltered order has, loads nothing.
	if len(program) > 0 {
		img.filter = unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	}
	var err error
	if img.path, err = syscall.BytePtrFromString(path); err != nil {
		return nil, err
	}
	if img.arguments, err = syscall.SlicePtrFromStrings(arguments); err != nil {
		return nil, err
	}
	img.environment, err = syscall.SlicePtrFromStrings(environment)
	return img, err
}

// execute loads the filter for the calling thread and becomes the program. It
// returns only if the filter cannot be loaded.
func (img *image) execute(pipe int) unix.Errno {
	defaultSignals()
	return img.filterAndExecute(uintptr(pipe))
}

// defaultSignals takes the handlers of the Go runtime away, as execve will: one that
// ran under the filter would make calls that it denies. Blocking the signals would
// serve as well, but then the program would start with them blocked. What is
// ignored stays ignored.
func defaultSignals() {
	const signals = 64
	// struct sigaction of the kernel: handler, flags, restorer, mask.
	var standard, now [4]uintptr
	for signal := uintptr(1); signal <= signals; signal++ {
		const ignored = 1 // SIG_IGN; SIG_DFL is 0
		_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, signal, 0, uintptr(unsafe.Pointer(&now)), 8, 0, 0)
		if e == 0 && now[0] > ignored {
			_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&standard)), 0, 8, 0, 0)
		}
	}
}

// filterAndExecute is the last Go that runs. Between the filter and execve this
// thread must not grow its stack, allocate or be scheduled: any call of the runtime's
// could be one that the filter denies, or that it kills for. The other threads do
// not get the filter, and the kernel ends them in execve: with TSYNC and a strict
// filter, some of them died before that, and the process with them.
//
// Where execve fails, an errno number goes to the pipe. What a filter does to
// write and exit_group is done here too.
//
//go:norace
//go:nosplit
//go:noinline
func (img *image) filterAndExecute(pipe uintptr) unix.Errno {
	if img.filter.Len > 0 {
		_, _, e := unix.RawSyscall6(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&img.filter)), 0, 0, 0)
		if e != 0 {
			return e
		}
	}
	_, _, e := unix.RawSyscall6(unix.SYS_EXECVE, uintptr(unsafe.Pointer(img.path)),
		uintptr(unsafe.Pointer(&img.arguments[0])), uintptr(unsafe.Pointer(&img.environment[0])), 0, 0, 0)
	number := byte(e)
	_, _, _ = unix.RawSyscall6(unix.SYS_WRITE, pipe, uintptr(unsafe.Pointer(&number)), 1, 0, 0, 0)
	_, _, _ = unix.RawSyscall6(unix.SYS_EXIT_GROUP, 1, 0, 0, 0, 0, 0)
	for {
		*(*uint32)(nil) = 0
	}
}
