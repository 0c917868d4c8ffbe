//go:build linux

package notify

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filter is what the package comment asks for.
func filter() []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	anyBit := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	returns := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	argument := func(i uint32) uint32 { return 16 + 8*i }
	deny := func(errno unix.Errno) unix.SockFilter { return returns(unix.SECCOMP_RET_ERRNO | uint32(errno)) }
	allow := returns(unix.SECCOMP_RET_ALLOW)

	arch := map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]
	f := []unix.SockFilter{load(4), equal(arch, 1, 0), returns(unix.SECCOMP_RET_KILL_PROCESS), load(0)}
	call := func(number int, body ...unix.SockFilter) {
		f = append(append(f, equal(uint32(number), 0, uint8(len(body)))), body...)
	}
	call(unix.SYS_CONNECT, returns(unix.SECCOMP_RET_USER_NOTIF))
	for _, number := range []int{unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_IO_URING_SETUP, unix.SYS_SETNS, unix.SYS_UNSHARE} {
		call(number, deny(unix.EPERM))
	}
	call(unix.SYS_SOCKET,
		load(argument(0)), equal(unix.AF_INET, 1, 0), equal(unix.AF_INET6, 0, 1), returns(unix.SECCOMP_RET_USER_NOTIF), deny(unix.EAFNOSUPPORT))
	const fastOpen = 0x20000000
	call(unix.SYS_SENDTO,
		load(argument(3)), anyBit(fastOpen, 4, 0), load(argument(4)), anyBit(^uint32(0), 2, 0),
		load(argument(4)+4), anyBit(^uint32(0), 0, 1), deny(unix.EACCES), allow)
	call(unix.SYS_SENDMSG, load(argument(2)), anyBit(fastOpen, 0, 1), deny(unix.EACCES), allow)
	call(unix.SYS_SENDMMSG, load(argument(3)), anyBit(fastOpen, 0, 1), deny(unix.EACCES), allow)
	var options []unix.SockFilter
	for _, o := range [][2]uint32{
		{unix.SOL_SOCKET, unix.SO_BINDTODEVICE},
		{unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX},
		{unix.SOL_SOCKET, unix.SO_MARK},
		{unix.IPPROTO_IP, unix.IP_OPTIONS},
		{unix.IPPROTO_IPV6, unix.IPV6_RTHDR},
		{unix.IPPROTO_IPV6, unix.IPV6_2292RTHDR},
		{unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT},
		{unix.IPPROTO_TCP, unix.TCP_REPAIR},
		{unix.IPPROTO_TCP, unix.TCP_ULP},
	} {
		options = append(options, load(argument(1)), equal(o[0], 0, 3), load(argument(2)), equal(o[1], 0, 1), deny(unix.EPERM))
	}
	call(unix.SYS_SETSOCKOPT, append(options, allow)...)
	return append(f, allow)
}

// contain denies this process what containers without CAP_SYS_PTRACE are denied, and more:
// the default profile of Docker allows ptrace and process_vm_readv from Linux 4.8 on.
func contain() error {
	f := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}}
	for _, number := range []uint32{
		unix.SYS_PIDFD_GETFD, unix.SYS_KCMP, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_MADVISE,
	} {
		f = append(f,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
	}
	f = append(f, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	_, err := load(f, unix.SECCOMP_FILTER_FLAG_TSYNC)
	return err
}

// load puts this thread under a filter.
func load(f []unix.SockFilter, flags uintptr) (listener int, err error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, err
	}
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return -1, fmt.Errorf("load the filter: %w", errno)
	}
	return int(fd), nil
}

// stage puts itself under the filter, sends its listener to the descriptor 3, and becomes
// the program once it has an answer. As "open" it leaves out the filter.
func stage(argv []string) error {
	mode := os.Getenv(stageVariable)
	if err := os.Unsetenv(stageVariable); err != nil {
		return err
	}
	if mode != "open" {
		fd, err := load(filter(), unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		if err != nil {
			return err
		}
		if err := unix.Sendmsg(3, []byte("l"), unix.UnixRights(fd), nil, 0); err != nil {
			return fmt.Errorf("send the listener: %w", err)
		}
		_ = unix.Close(fd)
		if n, err := unix.Read(3, make([]byte, 1)); n != 1 {
			return errors.Join(errors.New("nobody took the listener"), err)
		}
	}
	_ = unix.Close(3)
	return unix.Exec(argv[0], argv, os.Environ())
}
