//go:build linux

package main

import (
	"os"
	"strconv"
	"strings"
	"time"

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
	"msgqueue":   openQueue,
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

// resources are those that limit sets, and shows looks at.
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

// shows wants a limit to let NAME=VALUE pass, by what the process can see of it.
func shows(target string) error {
	name, n, err := amount(target)
	if err != nil {
		return err
	}
	resource, ok := resources[name]
	if !ok {
		return unknown("resource", name)
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	if n > now.Max {
		return unix.EPERM
	}
	return nil
}

func errorOf(e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
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
	f, err := os.CreateTemp("", "probe-")
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
		f, err := os.CreateTemp("", "probe-")
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
