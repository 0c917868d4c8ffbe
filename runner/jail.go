//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// jail is a sandbox of firejail's. The launcher becomes firejail, whose child is PID 1
// of the sandbox, whose child is the stage.
type jail struct {
	sandbox
	chatter *chatter
	// init and program are pidfds, -1 until known. Init is PID 1 of the sandbox, program
	// the stage and then what it became.
	init, program int
	// initPID and programPID are the numbers of both on the host.
	initPID, programPID int
	// mediation is the supervisor's end of the socket by which connect(2) is answered, nil if
	// it is not; supervised is closed when nobody supervises any more.
	mediation  *os.File
	supervised chan struct{}
}

// startJail starts launcher and guard; the caller must call close.
func startJail(l *launchable, order *stage.Order, profile []byte) (j *jail, err error) {
	var k kit
	plan := l.plan()
	j = &jail{sandbox: sandbox{together: l.together, role: guardWrapper}, init: -1, program: -1}
	defer func() { k.close(j.order, j.controls) }()
	files := j.stageFiles(&k, order)
	sealedProfile, sealedPlan := k.keep(sealedMemfd("profile", profile)), k.keep(sealedJSON("plan", plan))
	read, write, pipeError := os.Pipe()
	k.keep(write, pipeError)
	extra := append(files, l.Stdout, l.Stderr, sealedProfile, sealedPlan)
	if plan.Connected {
		var inside *os.File
		inside, j.gateway, err = l.gatewayBeside()
		extra = append(extra, k.keep(inside, err))
	}
	if order.Expectation.Mediated() && k.err == nil {
		k.keep(nil, j.prepareMediation(l))
	}
	if k.err != nil {
		j.abandon()
		return nil, k.err
	}
	j.chatter = listen(read)
	cmd := exec.Command("/proc/self/exe", launcherArgument)
	cmd.Env = []string{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.Stdin, write, write
	cmd.ExtraFiles = extra
	// Until firejail's SUID bit clears it; the guard knows the process by then.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if plan.Privileged {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS
	}
	if err := j.start(cmd); err != nil {
		j.abandon()
		return nil, fmt.Errorf("start the launcher: %w", err)
	}
	return j, nil
}

func (j *jail) attest(pid int, order *stage.Order) ([]stage.Check, error) {
	checks, err := attestFromHost(pid, j.cmd.Process.Pid, order)
	if order.Expectation.Mediated() {
		return checks, err
	}
	return append(checks, j.gateway.check(pid, order.Expectation.NetworkAt)...), err
}

// adopt takes hold of the reporting process and of its PID 1.
func (j *jail) adopt(pid int) error {
	init, err := initOf(pid, j.cmd.Process.Pid)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		pid  int
		into *int
	}{{pid, &j.program}, {init, &j.init}} {
		if *p.into, err = unix.PidfdOpen(p.pid, 0); err != nil {
			return fmt.Errorf("hold process %d: %w", p.pid, err)
		}
	}
	// A number that was used again in between would have another parent.
	if again, err := initOf(pid, j.cmd.Process.Pid); err != nil || again != init {
		return errors.New("the stage's process id changed its meaning")
	}
	j.initPID, j.programPID = init, pid
	return j.guard.watch(guardInit, j.init)
}

func (j *jail) awaitExecve(fd int) (int, error) { return awaitExecve(fd) }

// restricted counts the filters again, from outside, where the stage has added one before
// the policy's. What firejail established has not changed.
func (j *jail) restricted(order *stage.Order) []stage.Check {
	if order.Expectation.Guard == nil {
		return nil
	}
	return []stage.Check{seeGuard(j.programPID, order)}
}

func (j *jail) onHost() (pid, pidfd int, ok bool) { return j.programPID, j.program, true }

func (j *jail) warnings() []string { return j.chatter.lines("Warning") }

// refuse words what went wrong between the start of the wrapper and execve.
func (j *jail) refuse(err error) *Refusal {
	r := refuse("%v", err)
	if errors.Is(err, errSilent) {
		r.Message = "firejail ended before the sandbox could be proven"
		r.Found = j.describeEnd()
		r.Expected = "a report from inside the sandbox"
		j.chatter.wait(guardPatience)
		r.Tool = "firejail"
		r.Wrapper = strings.Join(append(j.chatter.lines("Error"), j.chatter.lines("Warning")...), "\n")
	}
	return r
}

// programEnded returns a channel that is closed when the program has ended.
func (j *jail) programEnded() <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for !awaitExit(j.program, time.Hour) {
			select {
			case <-j.ended:
				return
			default:
			}
		}
	}()
	return over
}

// kill ends everything in the sandbox at once, and then the wrapper.
func (j *jail) kill() {
	fds := map[byte]int{guardWrapper: j.wrapper}
	if j.init >= 0 {
		fds[guardInit] = j.init
	}
	killSandbox(fds)
}

// close returns when nothing of the sandbox is left. A stage that waits for an
// answer ends by itself when the control socket closes.
func (j *jail) close() {
	_ = j.control.Close()
	select {
	case <-j.ended:
	case <-time.After(guardPatience):
		j.kill()
		<-j.ended
	}
	// The wrapper's end does not wait for PID 1'j.
	if j.init >= 0 {
		_ = unix.PidfdSendSignal(j.init, unix.SIGKILL, nil, 0)
		awaitExit(j.init, handshakeLimit)
	}
	j.gateway.close()
	j.endMediation()
	j.guard.release()
	_, _ = j.order.Close(), j.controls.Close()
	for _, fd := range []int{j.wrapper, j.init, j.program} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}
