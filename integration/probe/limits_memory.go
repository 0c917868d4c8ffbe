//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// measured reads an amount of memory of the process, in bytes.
func measured(field string) (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(statusField(status, field), " kB"), 10, 64)
	return n << 10, err
}

// mapUpTo maps memory until the process has n bytes of it.
func mapUpTo(field string, protection uintptr, n uint64) error {
	// The runtime may map some for itself in between, the first time.
	var e unix.Errno
	for range 3 {
		has, err := measured(field)
		if err != nil {
			return err
		}
		if has >= n {
			return fmt.Errorf("%s %d already", field, has)
		}
		var at uintptr
		at, _, e = unix.RawSyscall6(unix.SYS_MMAP, 0, uintptr(n-has), protection,
			unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE, ^uintptr(0), 0)
		if e == 0 {
			_, _, e = unix.RawSyscall(unix.SYS_MUNMAP, at, uintptr(n-has), 0)
			break
		}
	}
	return errorOf(e)
}

func lockMemory(n uint64) error {
	data, err := unix.Mmap(-1, 0, int(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Munmap(data) }()
	return unix.Mlock(data)
}

// touch has n bytes in memory.
func touch(n uint64) error {
	data, err := unix.Mmap(-1, 0, int(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	for i := 0; i < len(data); i += os.Getpagesize() {
		data[i] = 1
	}
	return unix.Munmap(data)
}

// growStack touches the stack of the main thread n bytes below its end.
func growStack(n uint64) (err error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	var end uint64
	for line := range strings.Lines(string(maps)) {
		if strings.HasSuffix(line, "[stack]\n") {
			_, rest, _ := strings.Cut(line, "-")
			text, _, _ := strings.Cut(rest, " ")
			if end, err = strconv.ParseUint(text, 16, 64); err != nil {
				return err
			}
		}
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = unix.EFAULT
		}
	}()
	at := uintptr(end - n)
	*(*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&at))) = 1
	return nil
}
