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

	"confine/runner/rights"
	"confine/runner/stage"
)

// handshakeLimit bounds the time until a stage reports. A launch takes a fraction
// of a second; a host that swaps gets its time.
const handshakeLimit = 60 * time.Second

// sandbox is what the runner holds of every enclosure: the process that makes it or
// becomes what makes it, the guard beside it, and the socket to the stage.
type sandbox struct {
	cmd     *exec.Cmd
	control *net.UnixConn
	guard   *guard
	// wrapper is the pidfd of cmd, and role what it is to the guard.
	wrapper int
	role    byte
	// ended is closed when the wrapper was reaped; state is valid then.
	ended chan struct{}
	state *os.ProcessState
	// order and controls are the files for the stage, as they left the runner and
	// the process that took the controls.
	order, controls *os.File
	// together are the cgroups of the launch, if its policy bounds all processes together.
	together together
	// gateway is what it is connected to, or nil.
	gateway *gateway
}

// kit are the files of one launch while it is put together.
type kit struct {
	files []*os.File
	err   error
}

// keep remembers a file, or the first error.
func (k *kit) keep(f *os.File, err error) *os.File {
	if err != nil && k.err == nil {
		k.err = err
	}
	if f != nil {
		k.files = append(k.files, f)
	}
	return f
}

// close closes all files but those that are still needed.
func (k *kit) close(but ...*os.File) {
	for _, f := range k.files {
		needed := false
		for _, b := range but {
			needed = needed || f == b
		}
		if !needed {
			_ = f.Close()
		}
	}
}

// stageFiles are what a stage inherits, in the order of the descriptors in
// stage/order.go: the socket to the runner, the binary, the order and the controls. A nil
// order is for the caller to write.
func (s *sandbox) stageFiles(k *kit, order *stage.Order) []*os.File {
	control, child, err := socketPair()
	s.control = control
	orderFile := func() (*os.File, error) { return sealedJSON("order", order) }
	if order == nil {
		orderFile = func() (*os.File, error) { return newMemfd("order") }
	}
	files := []*os.File{k.keep(child, err), k.keep(os.Open("/proc/self/exe")), k.keep(orderFile()), k.keep(newMemfd("controls"))}
	s.order, s.controls = files[2], files[3]
	return files
}

// start starts the process that makes the sandbox, and its guard. On failure nothing
// is left of either. The process waits for a first word.
func (s *sandbox) start(cmd *exec.Cmd) error {
	s.cmd, s.wrapper, s.ended = cmd, -1, make(chan struct{})
	cmd.SysProcAttr.PidFD = &s.wrapper
	// Beside each other, as the process does nothing yet. It has to be started by this
	// thread, with whose end it ends.
	watching := make(chan error, 1)
	go func() {
		var err error
		s.guard, err = startGuard()
		watching <- err
	}()
	err := cmd.Start()
	if guardErr := <-watching; guardErr != nil {
		if err == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		return guardErr
	}
	if err != nil {
		s.guard.release()
		return err
	}
	go func() {
		_ = cmd.Wait()
		s.state = cmd.ProcessState
		close(s.ended)
	}()
	if err := s.admit(); err != nil {
		_ = unix.PidfdSendSignal(s.wrapper, unix.SIGKILL, nil, 0)
		<-s.ended
		s.guard.release()
		return err
	}
	return nil
}

// admit puts the process where it has to be before it does anything, and gives it the
// word to begin.
func (s *sandbox) admit() error {
	if err := s.guard.watch(s.role, s.wrapper); err != nil {
		return err
	}
	if err := s.together.join(s.cmd.Process.Pid); err != nil {
		return err
	}
	for _, path := range s.together.made() {
		if err := s.guard.sweep(path); err != nil {
			return err
		}
	}
	return s.proceed()
}

// record makes the gateway tell what is tried from now on: what the stage has tried is
// no news.
func (s *sandbox) record() {
	if s.gateway != nil {
		s.gateway.Begin()
	}
}

// abandon closes what a sandbox that did not start holds.
func (s *sandbox) abandon() {
	if s.control != nil {
		_ = s.control.Close()
	}
	s.gateway.close()
}

// errSilent means that the wrapper ended without a word of a stage.
var errSilent = errors.New("the sandbox ended before it could be proven")

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
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET), err == nil && n == 0:
		return m, 0, -1, errSilent
	case err != nil:
		return m, 0, -1, fmt.Errorf("hear the stage: %w", err)
	}
	fd, _ = rights.Received(oob[:oobn])
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
	_, err := s.control.Write([]byte{stage.Proceed})
	switch {
	case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ECONNRESET):
		return errSilent
	case err != nil:
		return fmt.Errorf("answer the stage: %w", err)
	}
	return nil
}

// interruptBy makes a signal end the attestation. The returned function stops
// that and returns the signal, if one came.
func (s *sandbox) interruptBy(signals <-chan os.Signal) func() os.Signal {
	stop, result := make(chan struct{}), make(chan os.Signal, 1)
	go func() {
		select {
		case sig := <-signals:
			_ = s.control.Close()
			result <- sig
		case <-stop:
			result <- nil
		}
	}()
	return func() os.Signal {
		close(stop)
		return <-result
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
