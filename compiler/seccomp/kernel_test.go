//go:build linux && (amd64 || arm64)

package seccomp

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"confine/policy/syscalls"
)

// TestKernelAnswers makes the calls that connectors must not make, under the
// filter and, as a control, without it. Their arguments are such that a kernel
// without the filter gives another error and does nothing.
func TestKernelAnswers(t *testing.T) {
	const garbage = 0xdeadbeef << 32 // what the kernel cuts off an int
	const ok = syscalls.Errno(0)
	for _, tt := range []struct {
		title string
		name  string
		args  []uint64
		want  syscalls.Errno
	}{
		{"ptrace", "ptrace", []uint64{unix.PTRACE_CONT, 1 << 30}, syscalls.EPERM},
		{"unshare", "unshare", []uint64{unix.CLONE_NEWUSER}, syscalls.EPERM},
		{"setns", "setns", []uint64{^uint64(0)}, syscalls.EPERM},
		{"bpf", "bpf", []uint64{9999}, syscalls.EPERM},
		{"io_uring_setup", "io_uring_setup", nil, syscalls.EPERM},
		{"userfaultfd", "userfaultfd", []uint64{0xff00}, syscalls.EPERM},
		{"perf_event_open", "perf_event_open", nil, syscalls.EPERM},
		{"keyctl", "keyctl", []uint64{9999}, syscalls.EPERM},
		{"mount", "mount", []uint64{1, 1, 1, 0, 1}, syscalls.EPERM},
		{"personality", "personality", []uint64{0xffffffff}, syscalls.EPERM},
		{"memfd_create", "memfd_create", nil, syscalls.EPERM},
		{"process_vm_readv", "process_vm_readv", []uint64{1 << 30}, syscalls.EPERM},
		{"pidfd_getfd", "pidfd_getfd", []uint64{^uint64(0)}, syscalls.EPERM},
		{"listen", "listen", []uint64{^uint64(0)}, syscalls.EPERM},
		{"setsid", "setsid", nil, syscalls.EPERM},
		{"munmap", "munmap", []uint64{1, 1}, 22}, // EINVAL of the kernel: allowed

		{"clone3", "clone3", nil, syscalls.ENOSYS},
		// CLONE_FS contradicts CLONE_NEWNS, so no child comes of it.
		{"clone into namespace", "clone", []uint64{unix.CLONE_NEWNS | unix.CLONE_FS}, syscalls.EPERM},
		{"clone with high half", "clone", []uint64{garbage | unix.CLONE_NEWNS | unix.CLONE_FS}, syscalls.EPERM},

		{"AF_ALG", "socket", []uint64{unix.AF_ALG, unix.SOCK_SEQPACKET}, syscalls.EAFNOSUPPORT},
		{"AF_PACKET", "socket", []uint64{unix.AF_PACKET, unix.SOCK_RAW}, syscalls.EAFNOSUPPORT},
		{"AF_PACKET with high half", "socket", []uint64{garbage | unix.AF_PACKET, unix.SOCK_RAW}, syscalls.EAFNOSUPPORT},
		{"uevents", "socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT}, syscalls.EPROTONOSUPPORT},
		{"routing", "socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}, ok},
		{"AF_INET with high half", "socket", []uint64{garbage | unix.AF_INET, unix.SOCK_STREAM}, ok},
		{"internet pair", "socketpair", []uint64{unix.AF_INET, unix.SOCK_STREAM}, syscalls.EAFNOSUPPORT},

		{"TIOCSTI", "ioctl", []uint64{0, unix.TIOCSTI}, syscalls.EPERM},
		{"TIOCSTI with high half", "ioctl", []uint64{0, garbage | unix.TIOCSTI}, syscalls.EPERM},
		{"TIOCLINUX", "ioctl", []uint64{0, unix.TIOCLINUX}, syscalls.EPERM},
		{"a driver's request", "ioctl", []uint64{^uint64(0), 0x40049409}, syscalls.ENOTTY},
		{"statx", "statx", []uint64{^uint64(0)}, syscalls.ENOSYS},
		{"listxattr", "listxattr", nil, syscalls.EOPNOTSUPP},
		{"PR_SET_MM", "prctl", []uint64{unix.PR_SET_MM, unix.PR_SET_MM_MAP_SIZE}, syscalls.EPERM},
		{"no such option", "prctl", []uint64{9999}, syscalls.EPERM},
	} {
		t.Run(tt.title, func(t *testing.T) {
			compareWithControl(t, numberHere(t, tt.name), tt.args, tt.want)
		})
	}
	// No kernel has the call, so its own answer is the same as the filter's.
	t.Run("number above the newest", func(t *testing.T) {
		compareWithControl(t, 9999, nil, syscalls.ENOSYS)
	})
	if runtime.GOARCH == "amd64" {
		// getpid, which kernels with x32 allow.
		t.Run("x32", func(t *testing.T) {
			compareWithControl(t, syscalls.X32Bit|39, nil, syscalls.ENOSYS)
		})
	}
}

// compareWithControl makes the call under the filter, which has to return want,
// and without, which has to return something else unless want comes from the
// kernel itself.
func compareWithControl(t *testing.T, number uint32, args []uint64, want syscalls.Errno) {
	t.Helper()
	if got := errnoOf(t, true, number, args); got != want {
		t.Fatalf("%s under the filter, want %s", got, want)
	}
	control := errnoOf(t, false, number, args)
	arch, _ := syscalls.ParseArch(runtime.GOARCH)
	call := syscalls.Data{Number: number, Arch: arch}
	copy(call.Args[:], args)
	filter := connectorFilter(t, arch)
	switch answer := filter.Decide(call); {
	case answer == syscalls.Allow && control != want:
		t.Errorf("%s without the filter, which allows the call and answers %s", control, want)
	case answer != syscalls.Allow && control == want:
		// The answer is right; that it is the filter's is for the interpreter to show.
		t.Logf("no control: this kernel answers %s without the filter too", control)
	}
}

func errnoOf(t *testing.T, filtered bool, number uint32, args []uint64) syscalls.Errno {
	t.Helper()
	words := []string{fmt.Sprint(number)}
	for _, arg := range args {
		words = append(words, fmt.Sprint(arg))
	}
	out, err := subject(t, "call", filtered, words...).Output()
	if err != nil {
		t.Fatalf("the subject ended with %s", describeExit(err))
	}
	errno, err := strconv.ParseUint(strings.TrimSpace(string(out)), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return syscalls.Errno(errno)
}

func numberHere(t *testing.T, name string) uint32 {
	t.Helper()
	arch, err := syscalls.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	number, err := arch.Number(name)
	if err != nil {
		t.Fatal(err)
	}
	return number
}
