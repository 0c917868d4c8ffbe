//go:build linux

package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// handshakeLimit bounds the time until a stage reports. A launch takes a fraction
// of a second; a host that swaps gets its time.
const handshakeLimit = 60 * time.Second

// sandbox is a wrapper that was started, with whatever lives in it.
type sandbox struct {
	cmd     *exec.Cmd
	control *net.UnixConn
	guard   *guard
	chatter *chatter
	// wrapper, init and program are pidfds, -1 until known. Init is PID 1 of the
	// sandbox, program the stage and then what it became.
	wrapper, init, program int
	// initPID and programPID are the numbers of PID 1 and of the program on the host.
	initPID, programPID int
	// ended is closed when the wrapper was reaped; state is valid then.
	ended chan struct{}
	state *os.ProcessState
	// order and controls are the files for the stage, as they left the runner and
	// the launcher.
	order, controls *os.File
}

// startSandbox starts launcher and guard; the caller must call close.
func startSandbox(plan launcherPlan, order *stage.Order, profile []byte, stdio [3]*os.File) (s *sandbox, err error) {
	var files []*os.File
	defer func() {
		for _, f := range files {
			if s == nil || f != s.order && f != s.controls {
				_ = f.Close()
			}
		}
	}()
	keep := func(f *os.File, e error) *os.File {
		if e != nil && err == nil {
			err = e
		}
		if f != nil {
			files = append(files, f)
		}
		return f
	}
	control, child, err := socketPair()
	if err != nil {
		return nil, err
	}
	keep(child, nil)
	binary := keep(os.Open("/proc/self/exe"))
	sealedOrder := keep(sealedJSON("order", order))
	controls := keep(newMemfd("controls"))
	sealedProfile := keep(sealedMemfd("profile", profile))
	sealedPlan := keep(sealedJSON("plan", plan))
	read, write, pipeError := os.Pipe()
	keep(write, pipeError)
	if err != nil {
		_ = control.Close()
		return nil, err
	}
	s = &sandbox{
		control: control, chatter: listen(read), wrapper: -1, init: -1, program: -1, ended: make(chan struct{}),
		order: sealedOrder, controls: controls,
	}
	if s.guard, err = startGuard(); err != nil {
		_ = control.Close()
		return nil, err
	}
	s.cmd = exec.Command("/proc/self/exe", launcherArgument)
	s.cmd.Env = []string{}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = stdio[0], write, write
	// In the order of the descriptors in stage/order.go.
	s.cmd.ExtraFiles = []*os.File{child, binary, sealedOrder, controls, stdio[1], stdio[2], sealedProfile, sealedPlan}
	// Until firejail's SUID bit clears it; the guard knows the process by then.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, PidFD: &s.wrapper}
	if plan.Privileged {
		s.cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS
	}
	if err := s.cmd.Start(); err != nil {
		_ = control.Close()
		s.guard.release()
		return nil, fmt.Errorf("start the launcher: %w", err)
	}
	go func() {
		_ = s.cmd.Wait()
		s.state = s.cmd.ProcessState
		close(s.ended)
	}()
	if err := s.guard.watch(guardWrapper, s.wrapper); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// errSilent means that the wrapper ended without a word of a stage.
var errSilent = errors.New("firejail ended before the sandbox could be proven")

// receive waits for the next message, its sender and its descriptor.
func (s *sandbox) receive(limit time.Duration) (m stage.Message, pid, fd int, err error) {
	buf, oob := make([]byte, stage.MaxMessage), make([]byte, 256)
	if err := s.control.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return m, 0, -1, err
	}
	n, oobn, _, _, err := s.control.ReadMsgUnix(buf, oob)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return m, 0, -1, fmt.Errorf("no word from inside within %s", limit)
	case errors.Is(err, io.EOF) || err == nil && n == 0:
		return m, 0, -1, errSilent
	case err != nil:
		return m, 0, -1, fmt.Errorf("hear the stage: %w", err)
	}
	fd, _ = receivedDescriptor(oob[:oobn])
	pid, ok := senderPID(oob[:oobn])
	if !ok {
		return m, 0, fd, errors.New("a message without its sender's process id")
	}
	if err := json.Unmarshal(buf[:n], &m); err != nil {
		return m, 0, fd, fmt.Errorf("decode a message of the stage: %w", err)
	}
	return m, pid, fd, nil
}

// told are the digests of what was meant for the stage.
func (s *sandbox) told() (stage.Digests, error) {
	return stage.ReadDigests(int(s.order.Fd()), int(s.controls.Fd()))
}

// proceed lets the stage go on.
func (s *sandbox) proceed() error {
	if _, err := s.control.Write([]byte{stage.Proceed}); err != nil {
		return fmt.Errorf("answer the stage: %w", err)
	}
	return nil
}

// adopt takes hold of the reporting process and of its PID 1.
func (s *sandbox) adopt(pid int) error {
	init, err := initOf(pid, s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		pid  int
		into *int
	}{{pid, &s.program}, {init, &s.init}} {
		if *p.into, err = unix.PidfdOpen(p.pid, 0); err != nil {
			return fmt.Errorf("hold process %d: %w", p.pid, err)
		}
	}
	// A number that was used again in between would have another parent.
	if again, err := initOf(pid, s.cmd.Process.Pid); err != nil || again != init {
		return errors.New("the stage's process id changed its meaning")
	}
	s.initPID, s.programPID = init, pid
	return s.guard.watch(guardInit, s.init)
}

// programEnded returns a channel that is closed when the program has ended.
func (s *sandbox) programEnded() <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for !awaitExit(s.program, time.Hour) {
			select {
			case <-s.ended:
				return
			default:
			}
		}
	}()
	return over
}

// kill ends everything in the sandbox at once, and then the wrapper.
func (s *sandbox) kill() {
	fds := map[byte]int{guardWrapper: s.wrapper}
	if s.init >= 0 {
		fds[guardInit] = s.init
	}
	killSandbox(fds)
}

// close returns when nothing of the sandbox is left. A stage that waits for an
// answer ends by itself when the control socket closes.
func (s *sandbox) close() {
	_ = s.control.Close()
	select {
	case <-s.ended:
	case <-time.After(guardPatience):
		s.kill()
		<-s.ended
	}
	// The wrapper's end does not wait for PID 1's.
	if s.init >= 0 {
		_ = unix.PidfdSendSignal(s.init, unix.SIGKILL, nil, 0)
		awaitExit(s.init, handshakeLimit)
	}
	s.guard.release()
	_, _ = s.order.Close(), s.controls.Close()
	for _, fd := range []int{s.wrapper, s.init, s.program} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// exitCode is the wrapper's own code, or 128+n when signal n ended it.
func (s *sandbox) exitCode() int {
	status := s.state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return exitSignal + int(status.Signal())
	}
	return status.ExitStatus()
}

// describeEnd says how the wrapper ended, for a refusal.
func (s *sandbox) describeEnd() string {
	select {
	case <-s.ended:
		return "exit code " + strconv.Itoa(s.exitCode())
	case <-time.After(guardPatience):
		return "still running"
	}
}
