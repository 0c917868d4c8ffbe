//go:build linux && (amd64 || arm64)

package syscalls

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestKernelTakesTheseWidths makes calls with bits set above the width of the
// table, and sees whether the running kernel looks at them. One call for every
// width and every reason for one.
func TestKernelTakesTheseWidths(t *testing.T) {
	const garbage = uintptr(0xdeadbeef) << 32
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("content"); err != nil {
		t.Fatal(err)
	}
	fd := file.Fd()
	call := func(number, arg0, arg1, arg2 uintptr) (uintptr, unix.Errno) {
		result, _, errno := unix.Syscall(number, arg0, arg1, arg2)
		return result, errno
	}
	expect := func(name string, arg int, want argumentWidth) {
		t.Helper()
		if got := argumentsOf(name)[arg]; got != want {
			t.Errorf("the table has %c for arg%d of %s, the kernel takes %c", got, arg, name, want)
		}
	}

	// umode_t and unsigned int: both are cut.
	if _, errno := call(unix.SYS_FCHMOD, garbage|fd, garbage|0x10000|0o640, 0); errno != 0 {
		t.Errorf("fchmod: %v", errno)
	}
	if info, err := file.Stat(); err != nil || info.Mode() != 0o640 {
		t.Errorf("fchmod left %v, %v", info.Mode(), err)
	}
	expect("fchmod", 0, width32)
	expect("fchmod", 1, width16)

	// A descriptor that is declared as a long.
	buffer := make([]byte, 7)
	vector := unix.Iovec{Base: &buffer[0]}
	vector.SetLen(len(buffer))
	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	if n, errno := call(unix.SYS_READV, garbage|fd, uintptr(unsafe.Pointer(&vector)), 1); errno != 0 || string(buffer) != "content" {
		t.Errorf("readv: %d, %v, %q", n, errno, buffer)
	}
	expect("readv", 0, width32)
	mapped, _, errno := unix.Syscall6(unix.SYS_MMAP, 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE, garbage|fd, 0)
	if errno != 0 {
		t.Errorf("mmap: %v", errno)
	} else if _, errno := call(unix.SYS_MUNMAP, mapped, 4096, 0); errno != 0 {
		t.Errorf("munmap: %v", errno)
	}
	expect("mmap", 4, width32)

	// Longs that are taken whole.
	if at, errno := call(unix.SYS_LSEEK, fd, 1<<32|1, 0); errno != 0 || at != 1<<32|1 {
		t.Errorf("lseek went to %#x, %v", at, errno)
	}
	expect("lseek", 1, width64)
	if _, errno := call(unix.SYS_UNSHARE, 1<<32, 0, 0); errno != unix.EINVAL {
		t.Errorf("unshare of an unknown flag: %v", errno)
	}
	expect("unshare", 0, width64)

	// clone takes flags in a long and cuts them. Contradictory flags make no child.
	const contradiction = unix.CLONE_NEWNS | unix.CLONE_FS
	if _, errno := call(unix.SYS_CLONE, garbage|contradiction, 0, 0); errno != unix.EINVAL {
		t.Errorf("clone: %v", errno)
	}
	expect("clone", 0, width32)

	// Of a long behind a command, some commands take the low half and some all.
	if duplicate, errno := call(unix.SYS_FCNTL, fd, unix.F_DUPFD, garbage|fd); errno != 0 {
		t.Errorf("F_DUPFD: %v", errno)
	} else if err := unix.Close(int(duplicate)); err != nil {
		t.Error(err)
	}
	expect("fcntl", 2, widthEither)
	if _, errno := call(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1<<32|1, 0); errno != unix.EINVAL {
		t.Errorf("PR_SET_DUMPABLE of more than an int: %v", errno)
	}
	expect("prctl", 1, widthEither)
}

// TestCloneCutsItsFlags: the error above might come from the high half; here is a
// child in spite of one.
func TestCloneCutsItsFlags(t *testing.T) {
	const garbage = uintptr(0xdeadbeef) << 32
	child, _, errno := unix.RawSyscall6(unix.SYS_CLONE, garbage|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	if child == 0 {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 7, 0, 0)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(int(child), &status, 0, nil); err != nil || status.ExitStatus() != 7 {
		t.Errorf("the child ended with %#x, %v", status, err)
	}
}
