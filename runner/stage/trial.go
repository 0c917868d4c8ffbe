//go:build linux

package stage

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/compiler"
)

// Outcome is how a call ended that a forked child made.
type Outcome struct {
	Errno unix.Errno `json:"errno,omitempty"`
	// Signal ended the child in the call.
	Signal unix.Signal `json:"signal,omitempty"`
}

// String is "allowed", or the name of the error or of the signal.
func (o Outcome) String() string {
	switch {
	case o.Signal != 0:
		return unix.SignalName(o.Signal)
	case o.Errno != 0:
		return unix.ErrnoName(o.Errno)
	}
	return "allowed"
}

// trialCall is a call as the registers take it.
type trialCall struct {
	i386      bool
	number    uintptr
	arguments [6]uintptr
}

func trialCalls(calls []compiler.CanaryCall) []trialCall {
	out := make([]trialCall, 0, len(calls))
	for _, c := range calls {
		t := trialCall{i386: c.Entry == compiler.EntryI386, number: uintptr(c.Number)}
		for i, argument := range c.Arguments {
			t.arguments[i] = uintptr(argument)
		}
		out = append(out, t)
	}
	return out
}

// The words of the memory that child and parent share. What the child has to say
// takes no system call: its filter may deny any.
const (
	wordLoaded   = iota // 1 + the errno of loading the filter
	wordProceed         // set by the parent when the child may begin
	wordsOfCalls        // the first call's, then one for each
)

// A call's word: untouched, in the call, or back from it with an errno.
const (
	callBegun    = 1
	callReturned = 2
	errnoShift   = 8
)

// trial makes calls in forked children, under a filter unless that is nil. A child
// that a call ends is followed by another one for the calls that are left. loaded
// looks at the first child once its filter is in place.
func trial(program []unix.SockFilter, calls []trialCall, loaded func(pid int)) (outcomes []Outcome, load unix.Errno, err error) {
	return trialFrom(0, program, calls, loaded)
}

// trialFrom is trial, of which the first calls are made before the filter is loaded.
func trialFrom(bare int, program []unix.SockFilter, calls []trialCall, loaded func(pid int)) (outcomes []Outcome, load unix.Errno, err error) {
	var filter *unix.SockFprog
	if program != nil {
		filter = &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	}
	memory, err := unix.Mmap(-1, 0, 4*(wordsOfCalls+len(calls)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, 0, fmt.Errorf("share memory with a child: %w", err)
	}
	defer func() { _ = unix.Munmap(memory) }()
	words := unsafe.Slice((*uint32)(unsafe.Pointer(&memory[0])), wordsOfCalls+len(calls))
	for begin := true; begin || len(outcomes) < len(calls); begin = false {
		words[wordLoaded], words[wordProceed] = 0, 0
		status, err := oneTrial(filter, calls, words, len(outcomes), bare, loaded)
		loaded = nil
		if err != nil {
			return nil, 0, err
		}
		if load = unix.Errno(words[wordLoaded] - 1); words[wordLoaded] != 0 && load != 0 {
			return nil, load, nil
		}
		for _, word := range words[wordsOfCalls+len(outcomes):] {
			if word&callReturned == 0 {
				break
			}
			outcomes = append(outcomes, Outcome{Errno: unix.Errno(word >> errnoShift)})
		}
		left := words[wordsOfCalls+len(outcomes):]
		inCall := len(left) > 0 && left[0] == callBegun && status.Signaled()
		switch {
		case inCall:
			outcomes = append(outcomes, Outcome{Signal: status.Signal()})
		case words[wordLoaded] == 0:
			return nil, 0, fmt.Errorf("the process that tries the filter ended before it was loaded: %s", endOf(status))
		case len(left) > 0:
			return nil, 0, fmt.Errorf("the process that tries the filter ended between two calls: %s", endOf(status))
		}
	}
	return outcomes, 0, nil
}

func endOf(status unix.WaitStatus) string {
	if status.Signaled() {
		return unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}

// oneTrial forks one child and waits for its end.
func oneTrial(filter *unix.SockFprog, calls []trialCall, words []uint32, first, bare int, loaded func(pid int)) (unix.WaitStatus, error) {
	// The child is to die with this thread, so the goroutine stays on it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, e := forkTrial(filter, calls, words, first, bare)
	if e != 0 {
		return 0, fmt.Errorf("fork a process to try the filter: %w", e)
	}
	for atomic.LoadUint32(&words[wordLoaded]) == 0 {
		if status, ended, err := wait(pid, unix.WNOHANG); err != nil || ended {
			return status, err
		}
		time.Sleep(20 * time.Microsecond)
	}
	if loaded != nil {
		loaded(pid)
	}
	atomic.StoreUint32(&words[wordProceed], 1)
	status, _, err := wait(pid, 0)
	return status, err
}

func wait(pid, options int) (status unix.WaitStatus, ended bool, err error) {
	for {
		got, err := unix.Wait4(pid, &status, options, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, false, fmt.Errorf("wait for the process that tries the filter: %w", err)
		}
		return status, got == pid, nil
	}
}

// forkTrial copies the calling thread. The child has a copy of the memory and
// nothing of the Go runtime but this one thread: it must not grow its stack,
// allocate, or take a signal, so it runs this function only, makes raw calls, and
// ends. Signals are blocked for it, not for its parent.
//
//go:norace
//go:nosplit
//go:noinline
func forkTrial(filter *unix.SockFprog, calls []trialCall, words []uint32, first, bare int) (int, unix.Errno) {
	every, before := ^uint64(0), uint64(0)
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&every)), uintptr(unsafe.Pointer(&before)), 8, 0, 0)
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 || pid != 0 {
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&before)), 0, 8, 0, 0)
		return int(pid), e
	}
	// It spins while it waits, so it must not outlive its parent; and a verdict that
	// kills would leave a core file, in the program's directory.
	_, _, _ = unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0, 0)
	_, _, _ = unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0, 0, 0, 0, 0)
	waits := true
	for i := first; e == 0 && i <= len(calls); i++ {
		if waits && i >= bare {
			waits = false
			if filter != nil {
				_, _, e = unix.RawSyscall6(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(filter)), 0, 0, 0)
			}
			atomic.StoreUint32(&words[wordLoaded], uint32(e)+1)
			for atomic.LoadUint32(&words[wordProceed]) == 0 {
			}
		}
		if e != 0 || i == len(calls) {
			break
		}
		c, word := &calls[i], &words[wordsOfCalls+i]
		atomic.StoreUint32(word, callBegun)
		var errno unix.Errno
		if c.i386 {
			if got := int80(uint32(c.number)); got < 0 {
				errno = unix.Errno(-got)
			}
		} else {
			_, _, errno = unix.RawSyscall6(c.number, c.arguments[0], c.arguments[1], c.arguments[2], c.arguments[3], c.arguments[4], c.arguments[5])
		}
		atomic.StoreUint32(word, callReturned|uint32(errno)<<errnoShift)
	}
	_, _, _ = unix.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	// Under a filter that denies even that: SIGSEGV cannot be blocked when a fault
	// is the cause, see sigprocmask(2).
	for {
		*(*uint32)(nil) = 0
	}
}
