//go:build linux

package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

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

// queueSignals has n signals pending.
func queueSignals(n uint64) error {
	signal.Ignore(unix.SIGURG) // the runtime's own would count
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	var has uint64 // where nobody says
	if text, _, ok := strings.Cut(statusField(status, "SigQ:"), "/"); ok {
		if has, err = strconv.ParseUint(text, 10, 64); err != nil {
			return err
		}
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
