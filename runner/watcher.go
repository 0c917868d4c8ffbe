//go:build linux

package runner

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// watcherArgument is the hidden first argument that makes the binary a watcher.
const watcherArgument = "__watch"

// watcherFD is the end of a pipe whose other end the warden alone has.
const watcherFD = 3

// watcherMain ends what a warden that was killed leaves. It is in the warden's Landlock
// domain, of which the program's is a part: the program cannot send it a signal, and its own
// signals reach nobody else.
func watcherMain() int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	var word [1]byte
	for {
		// Nothing is ever written: this returns at the end of the warden.
		if _, err := unix.Read(watcherFD, word[:]); err != unix.EINTR {
			break
		}
	}
	for deadline := time.Now().Add(wardenLimit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if unix.Kill(-1, unix.SIGKILL) == unix.ESRCH {
			return 0
		}
	}
	return 1
}

// startWatcher starts one. It ends with everything else in killAll.
func startWatcher() error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	// The write end stays open in this process until it ends.
	defer func() { _ = unix.Close(pipe[0]) }()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	path := "/proc/self/fd/" + strconv.Itoa(stage.BinaryFD)
	_, err = syscall.ForkExec(path, []string{path, watcherArgument}, &syscall.ProcAttr{
		Env: []string{}, Files: []uintptr{null.Fd(), null.Fd(), null.Fd(), uintptr(pipe[0])},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start the watcher: %w", err)
	}
	return nil
}
