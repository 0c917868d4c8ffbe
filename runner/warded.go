//go:build linux

package runner

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/runner/notify"
	"confine/runner/stage"
)

// warded is a sandbox that nothing wraps: a warden, whose child is the stage and then the
// program.
type warded struct {
	sandbox
	chatter *chatter
	// warden is the socket to it.
	warden *net.UnixConn
	// program is a pidfd, -1 until known, and programPID its number.
	program, programPID int
	// filters is how many seccomp filters this process runs under.
	filters int
	// ordered is what the stage was told, and log takes what cannot be cleaned up.
	ordered *stage.Order
	log     io.Writer
	// fresh are the directories of the launch.
	fresh freshDirectories
}

// startWarded starts warden and guard; the caller must call close.
func startWarded(l *launchable, order *stage.Order) (w *warded, err error) {
	var k kit
	w = &warded{sandbox: sandbox{together: l.together, role: guardWarden}, program: -1, filters: l.host.Caller.SeccompFilters, ordered: order, log: l.Log}
	defer func() { k.close(w.order, w.controls) }()
	files := w.stageFiles(&k, order)
	conn, theirs, pairErr := socketPair()
	w.warden = conn
	read, write, pipeErr := os.Pipe()
	extra := append(files, l.Stdout, l.Stderr, k.keep(theirs, pairErr))
	k.keep(write, pipeErr)
	if order.Expectation.Mediated() && k.err == nil {
		mediation, theirs, err := notify.Pair()
		if extra = append(extra, k.keep(theirs, err)); err == nil {
			w.gateway, err = l.gatewayMediated(mediation)
			k.keep(nil, err)
		}
	}
	if k.err != nil {
		w.abandon()
		return nil, k.err
	}
	w.chatter = listen(read)
	// What the warden leaves when it is killed becomes this process's own, and not that of
	// PID 1.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		w.abandon()
		return nil, fmt.Errorf("keep what a killed warden leaves: %w", err)
	}
	cmd := exec.Command("/proc/self/exe", wardenArgument)
	cmd.Env = []string{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.Stdin, write, write
	cmd.ExtraFiles = extra
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if order.Expectation.Unwrapped.Namespaces {
		cmd.SysProcAttr = wardenNamespaces(l.identity.UID, l.identity.GID)
	}
	if err := w.start(cmd); err != nil {
		w.abandon()
		return nil, fmt.Errorf("start the warden: %w", err)
	}
	return w, nil
}

func (w *warded) attest(pid int, order *stage.Order) ([]stage.Check, error) {
	status, err := procStatus(pid)
	if err != nil {
		return nil, err
	}
	checks := stage.CheckIdentity(seenFromHost, status, order.Identity())
	checks = append(checks, seen("sandbox", "parent of the stage", strconv.Itoa(w.cmd.Process.Pid), status["PPid"]))
	namespaces, err := attestNamespaces(pid, order)
	return append(checks, namespaces...), err
}

func (w *warded) mediate(listener int) error {
	if w.gateway == nil || listener < 0 {
		return errors.New("a listener that nobody asked for, or none")
	}
	return w.gateway.broker.Serve(os.NewFile(uintptr(listener), "listener"), w.gateway.Attempt)
}

// restricted counts the filters again, from outside.
func (w *warded) restricted(order *stage.Order) []stage.Check {
	return []stage.Check{seeGuard(w.programPID, order)}
}

// seeGuard counts the filters of a stage that is under its guard.
func seeGuard(pid int, order *stage.Order) stage.Check {
	found := ""
	if status, err := procStatus(pid); err == nil {
		found = status["Seccomp_filters"]
	}
	return seen("sandbox", "seccomp filters with the guard", strconv.Itoa(order.SeccompFilters+1), found)
}

// adopt takes hold of the reporting process.
func (w *warded) adopt(pid int) (err error) {
	if w.program, err = unix.PidfdOpen(pid, 0); err != nil {
		return fmt.Errorf("hold process %d: %w", pid, err)
	}
	// A number that was used again in between would have another parent.
	if parent, err := parentOf(pid); err != nil || parent != w.cmd.Process.Pid {
		return errors.New("the stage's process id changed its meaning")
	}
	w.programPID = pid
	if w.fresh, err = holdFresh(w.ordered.Fresh); err != nil {
		return err
	}
	return w.guard.watch(guardInit, w.program)
}

func (w *warded) awaitExecve(fd int) (int, error) { return awaitExecve(fd) }

func (w *warded) warnings() []string { return nil }

func (w *warded) onHost() (pid, pidfd int, ok bool) { return w.programPID, w.program, true }

// refuse words what went wrong between the start of the warden and execve.
func (w *warded) refuse(err error) *Refusal {
	r := refuse("%v", err)
	var words lastWords
	if errors.As(err, &words) && w.own() {
		r.Instead = []string{"where this machine lets no such mount be made: --no-namespaces, and an [[accept]] for filesystem.map"}
	}
	if errors.Is(err, errSilent) {
		r.Message = "the stage ended before the sandbox could be proven"
		r.Found, r.Expected = w.describeEnd(), "a report from inside the sandbox"
		w.chatter.wait(guardPatience)
		r.Tool, r.Wrapper = "the stage", strings.Join(w.chatter.lines(""), "\n")
	}
	return r
}

// supervise waits for the program's end, passes signals on to it and counts its time. A
// limit of 0 is none.
func (w *warded) supervise(signals <-chan os.Signal, limit time.Duration) (code int, err error) {
	var over, dead <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		over = timer.C
	}
	guard, late := w.guard.died, false
	for {
		select {
		case <-w.ended:
			if late {
				return ExitWallTime, fmt.Errorf("ended: the wall time of %s is over", limit)
			}
			return w.exitCode(), errors.Join(err, w.lastWord())
		case sig := <-signals:
			_ = unix.PidfdSendSignal(w.program, sig.(syscall.Signal), nil, 0)
		case <-over:
			late, over = true, nil
			_ = unix.PidfdSendSignal(w.program, unix.SIGTERM, nil, 0)
			dead = time.After(wallGrace)
		case <-dead:
			w.kill()
		case <-guard:
			guard, err = nil, errGuard
			w.kill()
		}
	}
}

// lastWord is what the warden could not do in the end.
func (w *warded) lastWord() error {
	_ = w.warden.SetReadDeadline(time.Now().Add(guardPatience))
	text := make([]byte, unix.PathMax)
	n, err := w.warden.Read(text)
	if err != nil || n == 0 {
		return nil
	}
	return errors.New(string(text[:n]))
}

// own says that the warden has a PID namespace.
func (w *warded) own() bool { return w.ordered.Expectation.Unwrapped.Namespaces }

// kill ends everything in the sandbox at once. The warden does it, or the kernel, when PID 1
// of a namespace ends: another process of the user can stop a warden, which then hears
// nothing.
func (w *warded) kill() {
	if w.own() {
		_ = unix.PidfdSendSignal(w.wrapper, unix.SIGKILL, nil, 0)
		return
	}
	_, _ = w.warden.Write([]byte{wardenKill})
	_ = unix.PidfdSendSignal(w.wrapper, unix.SIGCONT, nil, 0)
}

// close returns when nothing of the sandbox is left.
func (w *warded) close() {
	_ = w.control.Close()
	select {
	case <-w.ended:
	case <-time.After(guardPatience):
		w.kill()
		select {
		case <-w.ended:
		case <-time.After(wardenLimit + guardPatience):
			_ = unix.PidfdSendSignal(w.wrapper, unix.SIGKILL, nil, 0)
			<-w.ended
		}
	}
	w.sweep()
	if err := w.fresh.removeLeft(w.ordered, w.order); err != nil {
		fmt.Fprintf(w.log, "confine: %v\n", err)
	}
	w.fresh.release()
	w.gateway.close()
	w.guard.release()
	_ = w.warden.Close()
	_, _ = w.order.Close(), w.controls.Close()
	for _, fd := range []int{w.wrapper, w.program} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// sweep ends what a warden that was killed left to this process, and waits for the watcher,
// which ends it too: what it does by one signal to all, nobody gets away from.
func (w *warded) sweep() {
	self, guard := os.Getpid(), w.guard.cmd.Process.Pid
	for deadline := time.Now().Add(wardenLimit); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		left := 0
		for _, pid := range descendants(self) {
			if pid == guard {
				continue
			}
			left++
			// It runs under more filters than this process's own children do.
			if status, err := procStatus(pid); err == nil && status["Seccomp_filters"] != strconv.Itoa(w.filters) {
				killBelow(self, pid)
			}
		}
		if left == 0 {
			return
		}
	}
}
