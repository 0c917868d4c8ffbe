//go:build linux

package main

import (
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls are system calls with arguments that do nothing, or as little as can be,
// where they are allowed. A name with a colon is a call with arguments that a
// filter tells apart.
var calls = map[string]func() unix.Errno{
	"add_key": addKey,
	"bpf":     bpf,
	"chmod:S_ISUID": func() unix.Errno {
		return expecting(unix.ENOENT, raw(unix.SYS_FCHMODAT, atCwd, text("/nonexistent"), 0o4755))
	},
	"chroot":        chroot,
	"clock_adjtime": func() unix.Errno { return raw(unix.SYS_CLOCK_ADJTIME, unix.CLOCK_REALTIME, timex()) },
	"clock_settime": func() unix.Errno {
		return expecting(unix.EINVAL, raw(unix.SYS_CLOCK_SETTIME, unix.CLOCK_MONOTONIC, text("0123456789abcdef")))
	},
	"clone3":                  func() unix.Errno { return expecting(unix.EINVAL, raw(unix.SYS_CLONE3, 0, 0)) },
	"clone:CLONE_NEWUSER":     cloneNewUser,
	"execveat":                execveat,
	"fanotify_init":           func() unix.Errno { return descriptor(unix.SYS_FANOTIFY_INIT, unix.FAN_CLASS_NOTIF|unix.FAN_REPORT_FID) },
	"fsopen":                  func() unix.Errno { return descriptor(unix.SYS_FSOPEN, text("tmpfs")) },
	"fspick":                  func() unix.Errno { return expecting(unix.ENOENT, raw(unix.SYS_FSPICK, atCwd, text("/nonexistent"), 0)) },
	"get_mempolicy":           func() unix.Errno { return raw(unix.SYS_GET_MEMPOLICY, 0, 0, 0, 0, 0) },
	"getpid":                  func() unix.Errno { return raw(unix.SYS_GETPID) },
	"getppid":                 func() unix.Errno { return raw(unix.SYS_GETPPID) },
	"getrandom":               func() unix.Errno { return raw(unix.SYS_GETRANDOM, text("x"), 1) },
	"inotify_init1":           func() unix.Errno { return descriptor(unix.SYS_INOTIFY_INIT1) },
	"int80":                   func() unix.Errno { return number(again("int80")) },
	"io_setup":                ioSetup,
	"io_uring_setup":          ioUring,
	"ioctl:TIOCSTI":           func() unix.Errno { return expecting(unix.ENOTTY, raw(unix.SYS_IOCTL, pipeEnd(), unix.TIOCSTI)) },
	"kcmp":                    func() unix.Errno { pid := uintptr(unix.Getpid()); return raw(unix.SYS_KCMP, pid, pid, 0, 0, 0) },
	"keyctl":                  func() unix.Errno { return raw(unix.SYS_KEYCTL, unix.KEYCTL_GET_KEYRING_ID, threadKeyring, 1) },
	"landlock_create_ruleset": func() unix.Errno { return raw(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1) },
	"landlock_restrict_self":  func() unix.Errno { return expecting(unix.EBADF, raw(unix.SYS_LANDLOCK_RESTRICT_SELF, ^uintptr(0), 0)) },
	"madvise":                 func() unix.Errno { return raw(unix.SYS_MADVISE, 0, 0, unix.MADV_NORMAL) },
	"membarrier":              func() unix.Errno { return raw(unix.SYS_MEMBARRIER, 0, 0, 0) },
	"memfd_create":            func() unix.Errno { return descriptor(unix.SYS_MEMFD_CREATE, text("x"), 0) },
	"mount":                   mount,
	"move_pages":              func() unix.Errno { return raw(unix.SYS_MOVE_PAGES, 0, 0, 0, 0, 0, 0) },
	"mq_open": func() unix.Errno {
		return expecting(unix.ENOENT, descriptor(unix.SYS_MQ_OPEN, text("confine-none"), 0, 0, 0))
	},
	"msgget":            func() unix.Errno { return expecting(unix.ENOENT, raw(unix.SYS_MSGGET, 0x436f6e66, 0)) },
	"name_to_handle_at": nameToHandle,
	"open_by_handle_at": openByHandle,
	"open_tree":         func() unix.Errno { return descriptor(unix.SYS_OPEN_TREE, atCwd, text("/"), 0) },
	"openat2":           openat2,
	"perf_event_open":   func() unix.Errno { return perf(unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv) },
	"personality":       func() unix.Errno { return raw(unix.SYS_PERSONALITY, 0) },
	"pidfd_getfd":       pidfdGetfd,
	"pidfd_open":        func() unix.Errno { return descriptor(unix.SYS_PIDFD_OPEN, uintptr(unix.Getpid()), 0) },
	"pivot_root": func() unix.Errno {
		return expecting(unix.ENOENT, raw(unix.SYS_PIVOT_ROOT, text("/nonexistent"), text("/nonexistent")))
	},
	"prctl:PR_CAPBSET_READ": func() unix.Errno { return raw(unix.SYS_PRCTL, unix.PR_CAPBSET_READ, 0) },
	"prctl:PR_GET_TIMING":   func() unix.Errno { return raw(unix.SYS_PRCTL, unix.PR_GET_TIMING) },
	"process_madvise": func() unix.Errno {
		return expecting(unix.EBADF, raw(unix.SYS_PROCESS_MADVISE, ^uintptr(0), 0, 0, 0, 0))
	},
	"process_vm_readv": processRead,
	"ptrace":           func() unix.Errno { return forked(request{unix.SYS_PTRACE, [6]uintptr{unix.PTRACE_TRACEME}}) },
	"quotactl": func() unix.Errno {
		return expecting(unix.ENOENT, raw(unix.SYS_QUOTACTL, 0x80000700, text("/nonexistent"), 0, 0))
	},
	"reboot": reboot,
	"request_key": func() unix.Errno {
		return expecting(unix.ENOKEY, raw(unix.SYS_REQUEST_KEY, text("user"), text("confine-none"), 0, 0))
	},
	"sched_yield": func() unix.Errno { return raw(unix.SYS_SCHED_YIELD) },
	"seccomp": func() unix.Errno {
		return expecting(unix.EFAULT, raw(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, 0))
	},
	"semget":                   func() unix.Errno { return expecting(unix.ENOENT, raw(unix.SYS_SEMGET, 0x436f6e66, 0, 0)) },
	"set_mempolicy":            func() unix.Errno { return raw(unix.SYS_SET_MEMPOLICY, 0, 0, 0) },
	"setgroups":                func() unix.Errno { return raw(unix.SYS_SETGROUPS, 0, 0) },
	"sethostname":              sethostname,
	"setns":                    func() unix.Errno { return expecting(unix.EINVAL, raw(unix.SYS_SETNS, pipeEnd(), 0)) },
	"shmget":                   func() unix.Errno { return expecting(unix.ENOENT, raw(unix.SYS_SHMGET, 0x436f6e66, 0, 0)) },
	"socket:AF_INET":           func() unix.Errno { return socket(unix.AF_INET, unix.SOCK_STREAM, 0) },
	"socket:AF_PACKET":         func() unix.Errno { return socket(unix.AF_PACKET, unix.SOCK_RAW, 0) },
	"socket:AF_UNIX":           func() unix.Errno { return socket(unix.AF_UNIX, unix.SOCK_STREAM, 0) },
	"socket:AF_VSOCK":          func() unix.Errno { return socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0) },
	"socket:NETLINK_NETFILTER": func() unix.Errno { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER) },
	"socket:NETLINK_ROUTE":     func() unix.Errno { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE) },
	"socketpair:AF_UNIX":       func() unix.Errno { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return number(err) },
	"swapon":                   func() unix.Errno { return expecting(unix.ENOENT, raw(unix.SYS_SWAPON, text("/nonexistent"), 0)) },
	"sync":                     func() unix.Errno { return raw(unix.SYS_SYNCFS, pipeEnd()) },
	"syslog":                   syslog,
	"timerfd_create":           func() unix.Errno { return descriptor(unix.SYS_TIMERFD_CREATE, unix.CLOCK_MONOTONIC, 0) },
	"umount2":                  func() unix.Errno { return expecting(unix.EINVAL, raw(unix.SYS_UMOUNT2, text("/"), 0xffff)) },
	"unshare":                  func() unix.Errno { return forked(request{unix.SYS_UNSHARE, [6]uintptr{unix.CLONE_NEWUSER}}) },
	"userfaultfd":              func() unix.Errno { return descriptor(unix.SYS_USERFAULTFD, 1) },
	"vmsplice":                 func() unix.Errno { return raw(unix.SYS_VMSPLICE, pipeEnd(), 0, 0, 0) },
}

const (
	atCwd         = ^uintptr(99) // AT_FDCWD, -100
	threadKeyring = ^uintptr(0)  // KEY_SPEC_THREAD_KEYRING, -1
)

func call(name string) error {
	if hasArguments(name) {
		return withArguments(name)
	}
	f, ok := calls[name]
	if !ok {
		return unknown("call", name)
	}
	return errorOf(f())
}

// text is a NUL-terminated string for the kernel.
func text(s string) uintptr { return address(&append([]byte(s), 0)[0]) }

// address is a pointer for the kernel. What it points to lives on the heap, where
// nothing is moved, unlike on the stack.
func address[T any](v *T) uintptr {
	kept = append(kept, v)
	return uintptr(unsafe.Pointer(v))
}

var kept []any

// descriptor makes a call that opens something, and closes it.
func descriptor(number uintptr, args ...uintptr) unix.Errno {
	var a [6]uintptr
	copy(a[:], args)
	fd, _, e := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
	if e == 0 {
		_ = unix.Close(int(fd))
	}
	return e
}

// pipeEnd is a descriptor that is neither a terminal nor a namespace.
func pipeEnd() uintptr {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return ^uintptr(0)
	}
	return uintptr(p[1])
}

func ioUring() unix.Errno {
	var params [120]byte
	return descriptor(unix.SYS_IO_URING_SETUP, 1, address(&params))
}

func ioSetup() unix.Errno {
	var context uintptr
	if e := raw(unix.SYS_IO_SETUP, 1, address(&context)); e != 0 {
		return e
	}
	return raw(unix.SYS_IO_DESTROY, context)
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
	_, _, err := unix.NameToHandleAt(unix.AT_FDCWD, "/", 0)
	return number(err)
}

// openByHandle gives a handle that is stale at best.
func openByHandle() unix.Errno {
	handle := unix.NewFileHandle(1, make([]byte, 8))
	_, err := unix.OpenByHandleAt(unix.AT_FDCWD, handle, 0)
	return expecting(unix.ESTALE, number(err))
}

func addKey() unix.Errno {
	return raw(unix.SYS_ADD_KEY, text("user"), text("confine-probe"), text("x"), 1, threadKeyring)
}

func bpf() unix.Errno {
	const mapCreate, typeArray = 0, 2
	attributes := [32]uint32{typeArray, 4, 4, 1}
	return descriptor(unix.SYS_BPF, mapCreate, address(&attributes), unsafe.Sizeof(attributes))
}

// perf counts the clock of the calling thread.
func perf(bits uint64) unix.Errno {
	attributes := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK,
		Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})), Bits: bits,
	}
	fd, err := unix.PerfEventOpen(&attributes, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err == nil {
		_ = unix.Close(fd)
	}
	return number(err)
}

// mount needs a mount namespace of its own, and mounts nothing anybody else sees.
func mount() unix.Errno {
	return forked(
		request{unix.SYS_UNSHARE, [6]uintptr{unix.CLONE_NEWUSER | unix.CLONE_NEWNS}},
		request{unix.SYS_MOUNT, [6]uintptr{text("none"), text("/"), text("tmpfs")}},
	)
}

func sethostname() unix.Errno {
	return forked(
		request{unix.SYS_UNSHARE, [6]uintptr{unix.CLONE_NEWUSER | unix.CLONE_NEWUTS}},
		request{unix.SYS_SETHOSTNAME, [6]uintptr{text("x"), 1}},
	)
}

func cloneNewUser() unix.Errno {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, e := fork(uintptr(unix.SIGCHLD)|unix.CLONE_NEWUSER, nil)
	if e == 0 {
		_, err := unix.Wait4(pid, nil, 0, nil)
		e = number(err)
	}
	return e
}

// execveat runs the probe from a descriptor, and does not come back.
func execveat() unix.Errno {
	program, err := unix.Open(os.Args[0], unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return number(err)
	}
	defer unix.Close(program)
	arguments := []uintptr{text("probe"), text("nothing"), 0}
	return forked(request{unix.SYS_EXECVEAT, [6]uintptr{
		uintptr(program), text(""), address(&arguments[0]), 0, unix.AT_EMPTY_PATH,
	}})
}

func openat2() unix.Errno {
	fd, err := unix.Openat2(unix.AT_FDCWD, os.Args[0], &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC})
	if err == nil {
		_ = unix.Close(fd)
	}
	return number(err)
}

// pidfdGetfd takes a descriptor of the probe's own.
func pidfdGetfd() unix.Errno {
	pidfd, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		return number(err)
	}
	defer unix.Close(pidfd)
	return descriptor(unix.SYS_PIDFD_GETFD, uintptr(pidfd), 0, 0)
}

func processRead() unix.Errno {
	from, to := []byte{1}, []byte{0}
	local := []unix.Iovec{{Base: &to[0], Len: 1}}
	remote := []unix.RemoteIovec{{Base: address(&from[0]), Len: 1}}
	_, err := unix.ProcessVMReadv(unix.Getpid(), local, remote, 0)
	return number(err)
}

// timex asks for nothing to be changed.
func timex() uintptr {
	return text(strings.Repeat("\x00", int(unsafe.Sizeof(unix.Timex{}))))
}
