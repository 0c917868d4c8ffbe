//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// dumpCore wants a core file of n bytes.
func dumpCore(n uint64) error {
	dir, err := os.MkdirTemp("", "probe-core-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	before, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	err = again("crash", strconv.FormatUint(n, 10))
	if e := os.Chdir(before); e != nil {
		return e
	}
	if err == nil || err.Error() != "SIGABRT" {
		return fmt.Errorf("crashed with %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil {
		return err
	}
	var size int64
	for _, name := range files {
		var st unix.Stat_t
		if unix.Stat(name, &st) == nil {
			size = st.Blocks * 512
		}
	}
	// The limit counts what is written and not what is skipped; whole pages are
	// written while they fit, beside headers of another size.
	slack := int64(2 * os.Getpagesize())
	if n > 0 && (size == 0 || size+slack < int64(n)) {
		return unix.EFBIG
	}
	return nil
}

// crash aborts with more memory in use than a core file of n bytes holds.
func crash(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &now); err != nil {
		return err
	}
	now.Cur = now.Max
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &now); err != nil {
		return err
	}
	used := make([]byte, 4*n+1)
	for i := range used {
		used[i] = 0x5a
	}
	// The runtime has handlers of its own: back to the kernel's default.
	var action [4]uint64
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGABRT), address(&action), 0, 8, 0, 0)
	err = unix.Kill(os.Getpid(), unix.SIGABRT)
	time.Sleep(time.Second)
	runtime.KeepAlive(used)
	return err
}
