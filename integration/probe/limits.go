//go:build linux

package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// consumers take so much of a resource, counting what the process has already.
var consumers = map[string]func(uint64) error{
	"as":         func(n uint64) error { return mapUpTo("VmSize:", unix.PROT_NONE, n) },
	"data":       func(n uint64) error { return mapUpTo("VmData:", unix.PROT_READ|unix.PROT_WRITE, n) },
	"core":       dumpCore,
	"cpu":        func(n uint64) error { return again("burn", strconv.FormatUint(n, 10)) },
	"fsize":      writeUpTo,
	"locks":      lockFiles,
	"memlock":    lockMemory,
	"nice":       raisePriority,
	"nofile":     duplicate,
	"nproc":      forkUpTo,
	"rss":        touch,
	"rtprio":     realTime,
	"sigpending": queueSignals,
	"stack":      growStack,
}

// rlimit takes NAME=VALUE of a resource, really.
func rlimit(target string) error {
	name, n, err := amount(target)
	if err != nil {
		return err
	}
	f, ok := consumers[name]
	if !ok {
		return unknown("resource", name)
	}
	return f(n)
}

func amount(target string) (string, uint64, error) {
	name, text, _ := strings.Cut(target, "=")
	n, err := strconv.ParseUint(text, 10, 64)
	return name, n, err
}

// resources are those that limit sets.
var resources = map[string]int{"msgqueue": unix.RLIMIT_MSGQUEUE, "rttime": unix.RLIMIT_RTTIME, "core": unix.RLIMIT_CORE}

// limit wants the limits of a process to be NAME=VALUE: only a lower hard limit
// can be had without a capability.
func limit(target string) error { return again("lower", target) }

func lower(target string) error {
	name, n, err := amount(target)
	if err != nil {
		return err
	}
	resource, ok := resources[name]
	if !ok {
		return unknown("resource", name)
	}
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n})
}

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

func errorOf(e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

// dumpCore wants a core file of n bytes.
func dumpCore(n uint64) error {
	dir, err := os.MkdirTemp("/tmp", "probe-core-")
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

// burn uses n seconds of the processor, less what the last tick may be off.
func burn(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	for {
		var used unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used); err != nil {
			return err
		}
		if time.Duration(used.Nano()) >= time.Duration(n)*time.Second-100*time.Millisecond {
			return nil
		}
	}
}

// writeUpTo makes a file of n bytes.
func writeUpTo(n uint64) error {
	f, err := os.CreateTemp("/tmp", "probe-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer f.Close()
	_, err = f.WriteAt([]byte("x"), int64(n)-1)
	return err
}

// lockFiles holds n locks at once.
func lockFiles(n uint64) error {
	for range n {
		f, err := os.CreateTemp("/tmp", "probe-")
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(f.Name()) }()
		defer f.Close()
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			return err
		}
	}
	return nil
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

// raisePriority lowers the priority as far as it goes and raises it to the nice
// value that a limit of n stands for, 20-n: only raising asks for the limit.
func raisePriority(n uint64) error {
	return errorOf(onThread(func() unix.Errno {
		if e := rawHere(unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, 19); e != 0 {
			return e
		}
		return rawHere(unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, uintptr(20-int(n)))
	}))
}

// realTime asks for the real-time priority n; 0 is that of ordinary threads.
func realTime(n uint64) error {
	const schedOther, schedFIFO = 0, 1
	policy := uintptr(schedFIFO)
	if n == 0 {
		policy = schedOther
	}
	priority := int32(n)
	return errorOf(onThread(func() unix.Errno {
		return rawHere(unix.SYS_SCHED_SETSCHEDULER, 0, policy, address(&priority))
	}))
}

// duplicate opens descriptors until the process has n: the lowest free number is
// taken every time.
func duplicate(n uint64) error {
	var fds []int
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	for {
		fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return err
		}
		fds = append(fds, fd)
		if fd >= int(n)-1 {
			return nil
		}
	}
}

// forkUpTo starts processes until all that are seen have n threads in sum. Threads
// come and go with the runtime, so it counts again before it gives up.
func forkUpTo(n uint64) error {
	var err error
	for range 5 {
		if err = forkOnceUpTo(n); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

func forkOnceUpTo(n uint64) error {
	tasks, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*")
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var s sleepers
	defer func() { s.end() }()
	for has := uint64(len(tasks)); has < n; has++ {
		if e := s.add(); e != 0 {
			return e
		}
	}
	return nil
}

// queueSignals has n signals pending.
func queueSignals(n uint64) error {
	signal.Ignore(unix.SIGURG) // the runtime's own would count
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	text, _, _ := strings.Cut(statusField(status, "SigQ:"), "/")
	has, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	// One that the runtime does not use; real-time signals queue up.
	const sig, queued = 50, -1
	return errorOf(onThread(func() unix.Errno {
		blocked := uint64(1) << (sig - 1)
		if e := rawHere(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, address(&blocked), 0, 8); e != 0 {
			return e
		}
		info := [32]int32{sig, 0, queued}
		for ; has < n; has++ {
			if e := rawHere(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(os.Getpid()), uintptr(unix.Gettid()), sig, address(&info)); e != 0 {
				return e
			}
		}
		return 0
	}))
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
