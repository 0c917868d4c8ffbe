//go:build linux

package main

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls are system calls with arguments that do nothing, or as little as can be,
// where they are allowed.
var calls = map[string]func() unix.Errno{
	"unshare":            func() unix.Errno { return raw(unix.SYS_UNSHARE, unix.CLONE_NEWUSER, 0, 0) },
	"ptrace":             func() unix.Errno { return raw(unix.SYS_PTRACE, unix.PTRACE_DETACH, 0, 0) },
	"io_uring_setup":     ioUring,
	"userfaultfd":        func() unix.Errno { return raw(unix.SYS_USERFAULTFD, 1, 0, 0) },
	"personality":        func() unix.Errno { return raw(unix.SYS_PERSONALITY, 0, 0, 0) },
	"name_to_handle_at":  nameToHandle,
	"socket_netlink_nft": func() unix.Errno { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER) },
	"getppid":            func() unix.Errno { return raw(unix.SYS_GETPPID, 0, 0, 0) },
}

func call(name string) error {
	f, ok := calls[name]
	if !ok {
		return fmt.Errorf("probe does not know the call %q", name)
	}
	if e := f(); e != 0 {
		return e
	}
	return nil
}

// raw calls on a thread that ends afterwards: what it may have changed of itself
// is gone with it.
func raw(number, a, b, c uintptr) unix.Errno {
	result := make(chan unix.Errno)
	go func() {
		runtime.LockOSThread()
		_, _, e := unix.RawSyscall(number, a, b, c)
		result <- e
	}()
	return <-result
}

func ioUring() unix.Errno {
	var params [120]byte
	fd, _, e := unix.RawSyscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if e == 0 {
		_ = unix.Close(int(fd))
	}
	return e
}

func socket(domain, kind, protocol int) unix.Errno {
	fd, err := unix.Socket(domain, kind, protocol)
	if err != nil {
		return number(err)
	}
	_ = unix.Close(fd)
	return 0
}

func nameToHandle() unix.Errno {
	if _, _, err := unix.NameToHandleAt(unix.AT_FDCWD, "/", 0); err != nil {
		return number(err)
	}
	return 0
}

func number(err error) unix.Errno {
	var e unix.Errno
	errors.As(err, &e)
	return e
}
