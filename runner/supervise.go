//go:build linux

package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// forwarded are the signals that go on to the program.
var forwarded = []syscall.Signal{
	syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
}

// catchSignals starts to collect the signals for the program. One that the
// caller ignores, as nohup does with SIGHUP, stays ignored.
func catchSignals() chan os.Signal {
	ch := make(chan os.Signal, 16)
	for _, s := range forwarded {
		if !signal.Ignored(s) {
			signal.Notify(ch, s)
		}
	}
	return ch
}

// executeLimit bounds the time between a stage's last word and execve.
const executeLimit = 10 * time.Second

// awaitExecve waits until execve closes the pipe. The code is 126 or 127 if
// execve failed, and 0 if the program runs.
func awaitExecve(fd int) (code int, err error) {
	if fd < 0 {
		return 0, errors.New("the stage sent no pipe")
	}
	pipe := os.NewFile(uintptr(fd), "execve")
	defer pipe.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		return 0, err
	}
	// Data and the end of a pipe both wake a poll, as the end of a process does.
	if !awaitExit(fd, executeLimit) {
		return 0, fmt.Errorf("the stage did not execute the program within %s", executeLimit)
	}
	var answer [1]byte
	n, err := unix.Read(fd, answer[:])
	switch {
	case n == 0 && (err == nil || errors.Is(err, io.EOF)):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("wait for execve: %w", err)
	}
	return executeCode(answer[0])
}

// executeCode is what the byte of a stage means that did not become the program.
func executeCode(answer byte) (code int, err error) {
	if answer == stage.NotPlaced {
		return 0, errors.New("the last restrictions could not be put in place")
	}
	switch unix.Errno(answer) {
	case unix.ENOENT, unix.ENOTDIR:
		return ExitNotFound, nil
	}
	return ExitNotExecutable, nil
}

// wallGrace is how long a program may end by itself after SIGTERM.
const wallGrace = 5 * time.Second

// errGuard means that the program was killed because nobody watched any more.
var errGuard = errors.New("the guard process was killed, and the program with it")

// errLingering means that the program's exit code was lost with the sandbox.
var errLingering = errors.New("what the program left behind did not end, and was killed with the whole sandbox")

// supervise waits for the program's end, passes signals on to it and counts its
// time. A limit of 0 is none.
func (j *jail) supervise(signals <-chan os.Signal, limit time.Duration) (code int, err error) {
	var over, dead, lingering <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		over = timer.C
	}
	guard, program := j.guard.died, j.programEnded()
	late := false
	for {
		select {
		case <-j.ended:
			if late {
				return ExitWallTime, fmt.Errorf("ended: the wall time of %s is over", limit)
			}
			return j.exitCode(), err
		case <-program:
			program = nil
			killOrphans(j.initPID, j.ended)
			lingering = time.After(orphanLimit)
		case <-lingering:
			err = errLingering
			j.kill()
		case sig := <-signals:
			if program == nil {
				// There is nobody left to end by itself.
				j.kill()
				continue
			}
			// To the program itself: firejail would wait a second, send SIGTERM
			// whatever came, and lose the exit code.
			_ = unix.PidfdSendSignal(j.program, sig.(syscall.Signal), nil, 0)
		case <-over:
			late, over = true, nil
			_ = unix.PidfdSendSignal(j.program, unix.SIGTERM, nil, 0)
			dead = time.After(wallGrace)
		case <-dead:
			j.kill()
		case <-guard:
			guard, err = nil, errGuard
			j.kill()
		}
	}
}
