//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"confine/runner/notify"
	"confine/runner/stage"
)

// wardenArgument is the hidden first argument that makes the binary a warden.
const wardenArgument = "__ward"

// wardenFD is the warden's end of its socket to the runner.
const wardenFD = stage.ProfileFD

// mediationFD is the warden's end of the socket by which the runner answers connect(2), if
// the order says that it does.
const mediationFD = wardenFD + 1

// wardenKill is the runner's only word to the warden; the end of the socket means the same.
const wardenKill = 'k'

// wardenLimit bounds how long the warden kills what the program left behind. A process that
// cannot be killed waits for a device.
const wardenLimit = 10 * time.Second

// wardenMain becomes the program's user, makes the mounts of the launch's own, takes the controls and becomes the warden itself. In
// between it enters the Landlock domain in which its signals stay: threads that enter one by
// themselves are each in another, so this thread does it, and execve makes it the only one.
func wardenMain() int {
	err := prepareWarden()
	if err == nil {
		path := "/proc/self/fd/" + strconv.Itoa(stage.BinaryFD)
		err = fmt.Errorf("start the warden again: %w", syscall.Exec(path, []string{path, wardenAgainArgument}, []string{}))
	}
	_ = stage.Send(stage.Message{Kind: stage.Failure, Error: err.Error()})
	return 1
}

func prepareWarden() error {
	if !stage.Await() {
		return errNoWord
	}
	order, err := stage.ReadOrder()
	if err != nil {
		return err
	}
	// See launch: the terminal must not reach the program.
	if _, err := unix.Setsid(); err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("leave the working directory: %w", err)
	}
	reach := stage.TakeReach(order.Listeners)
	prepare := prepareShared
	if order.Expectation.Unwrapped.Namespaces {
		prepare = prepareNamespaces
	}
	if err := prepare(order, reach); err != nil {
		return err
	}
	return keepSignals()
}

// prepareShared gives up privileges in the namespaces of the caller, and takes the controls
// there.
func prepareShared(order *stage.Order, reach stage.Reach) error {
	if err := giveUpPrivileges(order); err != nil {
		return err
	}
	return stage.WriteControls(stage.TakeControls(order, reach))
}

// keepSignals makes the signals of this thread, and of what it becomes and starts, reach
// nobody else: LANDLOCK_SCOPE_SIGNAL of landlock(7).
func keepSignals() error {
	attr := llsys.RulesetAttr{Scoped: llsys.ScopeSignal}
	ruleset, err := llsys.LandlockCreateRuleset(&attr, 0)
	if err != nil {
		return fmt.Errorf("make a Landlock scope: %w", err)
	}
	defer func() { _ = unix.Close(ruleset) }()
	if _, _, e := unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); e != 0 {
		return fmt.Errorf("enter a Landlock scope: %w", e)
	}
	return nil
}

// wardenAgainArgument is the hidden first argument that makes the binary the warden itself.
const wardenAgainArgument = "__warden"

// wardenAgainMain is the parent of the stage where nothing wraps that. Everything that the
// program starts stays below it (PR_SET_CHILD_SUBREAPER): when the program ends, or the
// runner, nothing of it is left.
func wardenAgainMain() int {
	w, err := startStage()
	if err != nil {
		_ = stage.Send(stage.Message{Kind: stage.Failure, Error: err.Error()})
		return 1
	}
	code, err := w.ward()
	if failed := w.fresh.remove(); err == nil {
		err = failed
	}
	if err != nil {
		_, _ = unix.Write(wardenFD, []byte(err.Error()))
	}
	return code
}

// warden is what the process of that name holds.
type warden struct {
	// child is the stage, and then the program.
	child    int
	mediated bool
	fresh    freshDirectories
}

// startStage makes what the stage needs, and starts it.
func startStage() (w *warden, err error) {
	order, err := stage.ReadOrder()
	if err != nil {
		return nil, err
	}
	w = &warden{mediated: order.Expectation.Mediated()}
	unix.CloseOnExec(wardenFD)
	if w.mediated {
		unix.CloseOnExec(mediationFD)
	}
	// Nobody of the same user looks into this process. What it starts is dumpable again.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("close this process to others: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("keep what the program starts: %w", err)
	}
	if err := startWatcher(); err != nil {
		return nil, err
	}
	if w.fresh, err = makeFresh(order.Fresh); err != nil {
		return nil, err
	}
	files := make([]uintptr, stage.StderrFD+1)
	for fd := range files {
		files[fd] = uintptr(fd)
	}
	path := "/proc/self/fd/" + strconv.Itoa(stage.BinaryFD)
	w.child, err = syscall.ForkExec(path, []string{path, stage.Argument}, &syscall.ProcAttr{
		Env: []string{}, Files: files,
		// Not the session's leader, which could take a terminal for its own.
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the stage: %w", err), w.fresh.remove())
	}
	return w, nil
}

// giveUpPrivileges becomes the program's user, without any capability that this user can be
// without, and with none to be gained by execve.
func giveUpPrivileges(order *stage.Order) error {
	if os.Getuid() == 0 {
		if err := emptyBounding(); err != nil {
			return err
		}
		if err := dropTo(order.UID, order.GID); err != nil {
			return err
		}
	}
	return dropCapabilities()
}

// emptyBounding leaves nothing to be gained by execve.
func emptyBounding() error {
	for c := uintptr(0); unix.Prctl(unix.PR_CAPBSET_READ, c, 0, 0, 0) == nil; c++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return fmt.Errorf("empty the capability bounding set, which takes CAP_SETPCAP: %w", err)
		}
	}
	return nil
}

// dropCapabilities gives up those that this thread has, for good.
func dropCapabilities() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("clear the ambient capabilities: %w", err)
	}
	if err := setCapabilities([2]unix.CapUserData{}); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	return nil
}

// ward waits for the end of the stage, or of what it became, and ends what that left
// behind. The code is the program's own, or 128+n when signal n ended it.
func (w *warden) ward() (code int, err error) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	if err := letGo(); err != nil {
		_ = unix.Kill(w.child, unix.SIGKILL)
	}
	over := make(chan struct{}, 2)
	go func() {
		awaitWord()
		over <- struct{}{}
	}()
	if w.mediated {
		go func() {
			// Calls that nobody answers any more would wait for ever.
			if notify.Supervise(mediationFD) != 0 {
				over <- struct{}{}
			}
		}()
	}
	ended, reaped := make(chan unix.WaitStatus, 1), make(chan struct{})
	go func() {
		defer close(reaped)
		reap(w.child, ended)
	}()
	select {
	case status := <-ended:
		code = status.ExitStatus()
		if status.Signaled() {
			code = exitSignal + int(status.Signal())
		}
	case <-over:
		code = exitSignal + int(unix.SIGKILL)
	}
	return code, killAll(reaped)
}

// awaitWord waits for the runner's word, or for its end.
func awaitWord() {
	var word [1]byte
	for {
		if _, err := unix.Read(wardenFD, word[:]); err != unix.EINTR {
			return
		}
	}
}

// letGo closes what the stage has inherited: whoever reads the program's output must see
// its end, and the runner that of the stage.
func letGo() error {
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	for fd := range stage.ControlFD {
		if err := unix.Dup3(null, fd, unix.O_CLOEXEC); err != nil {
			return err
		}
	}
	return unix.CloseRange(stage.ControlFD, wardenFD-1, 0)
}

// reap waits for every child, as long as there is one.
func reap(child int, ended chan<- unix.WaitStatus) {
	for {
		var status unix.WaitStatus
		switch pid, err := unix.Wait4(-1, &status, 0, nil); {
		case err == unix.EINTR:
		case err != nil:
			return
		case pid == child:
			ended <- status
		}
	}
}

// killAll ends everything below this process, and returns when all of it was reaped. The
// kernel sends a signal to all (-1 in kill(2)) in one go, while nobody can start a process,
// and leaves out who is outside of the sender's Landlock domain: no look at /proc could do
// that, of processes that start another one and end.
func killAll(reaped <-chan struct{}) error {
	limit := time.After(wardenLimit)
	for {
		_ = unix.Kill(-1, unix.SIGKILL)
		select {
		case <-reaped:
			return nil
		case <-limit:
			return fmt.Errorf("what the program left behind did not end within %s", wardenLimit)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
