//go:build linux

package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/runner/stage"
)

// guest is a sandbox of gVisor's. The keeper is PID 1 of the launch's namespaces and
// has runsc as its child, whose children are the sentry and the gofer; the stage, and
// the program after it, are processes of the sentry's and none of the host's.
type guest struct {
	sandbox
	// keeper is the socket to the keeper, and report what it said last.
	keeper *net.UnixConn
	// openings is the socket by which the keeper opens the gateway's sockets, or nil.
	openings *net.UnixConn
	report   keeperReport
	over     chan struct{} // closed when report is valid
	// taker is the process that takes the controls.
	taker *exec.Cmd
	// written is the order as it was encoded.
	written []byte
	relay   *relay
	// first is the stage's first word until receive gives it.
	first *word
	runsc string
	root  string
}

// startGuest starts keeper and guard, and takes the controls meanwhile.
func startGuest(l *launchable, plan keeperPlan, order *stage.Order, signals <-chan os.Signal) (g *guest, err error) {
	var k kit
	g = &guest{sandbox: sandbox{together: l.together, role: guardWrapper}, over: make(chan struct{}), runsc: plan.Runsc, root: l.root()}
	defer func() {
		if g == nil {
			k.close()
			return
		}
		k.close(g.order, g.controls)
	}()
	if g.relay, err = newRelay([3]*os.File{l.Stdin, l.Stdout, l.Stderr}); err != nil {
		return nil, err
	}
	order.Streams = streamsOf(g.relay.child())
	order.Root, order.ControlsAsRoot = l.Root, l.host.Caller.UID == 0
	files := g.stageFiles(&k, nil)
	stageFile := k.keep(guestBinary())
	// The order is written when the bundle is complete; until then the process that takes
	// the controls has one without the filter.
	early := k.keep(sealedJSON("early order", order))
	keeper, child, err := socketPair()
	g.keeper = keeper
	k.keep(child, err)
	sealedPlan := k.keep(sealedJSON("plan", plan))
	if k.err != nil {
		g.abandon()
		return nil, k.err
	}
	if g.taker, err = startControls([]*os.File{files[0], files[1], early, files[3]}, l.Root); err != nil {
		g.abandon()
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe", keeperArgument)
	cmd.Env = []string{}
	cmd.Dir = "/"
	ends := g.relay.child()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = ends[0], ends[1], ends[2]
	cmd.ExtraFiles = []*os.File{files[0], stageFile, files[2], files[3], child, sealedPlan}
	if plan.Gateway != nil {
		openings, child, err := socketPair()
		g.openings = openings
		if k.keep(child, err); k.err != nil {
			g.endTaker()
			g.abandon()
			return nil, k.err
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, child)
	}
	cmd.SysProcAttr = guestNamespaces(l.identity.UID, l.identity.GID, plan.Gateway != nil)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := g.start(cmd); err != nil {
		g.endTaker()
		g.abandon()
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	go g.hear()
	err = g.reach(l, signals)
	if err == nil {
		err = g.begin(l, order, signals)
	}
	if err != nil {
		defer g.close()
		var lines compiler.Refusals
		if errors.As(err, &lines) {
			return nil, err
		}
		return nil, g.refuse(err)
	}
	return g, nil
}

// reach starts the gateway, in the namespace that the keeper serves.
func (g *guest) reach(l *launchable, signals <-chan os.Signal) (err error) {
	if g.openings == nil {
		return nil
	}
	reached := make(chan struct{})
	go func() {
		g.gateway, err = l.gatewayAcross(g.openings, g.cmd.Process.Pid)
		close(reached)
	}()
	select {
	case <-reached:
	case sig := <-signals:
		// Anybody of the program's user can have stopped the keeper.
		g.kill()
		<-reached
		return errBefore(sig)
	}
	if err == nil {
		return nil
	}
	select {
	case <-g.over:
		if g.report.Error != "" {
			return errors.New(g.report.Error) // the cause, of which the other is a consequence
		}
	case <-time.After(guardPatience):
	}
	return err
}

// word is a message of the stage's with what came with it.
type word struct {
	m       stage.Message
	pid, fd int
	err     error
}

// listen waits for the stage's first word, which receive then gives. Until then nothing
// was read of the caller's stdin, so that another start can be tried.
func (g *guest) listen(signals <-chan os.Signal) error {
	first := make(chan word, 1)
	go func() {
		var w word
		w.m, w.pid, w.fd, w.err = g.sandbox.receive(handshakeLimit)
		first <- w
	}()
	select {
	case w := <-first:
		g.first = &w
		return w.err
	case sig := <-signals:
		g.kill()
		<-first
		return errBefore(sig)
	}
}

func (g *guest) receive(limit time.Duration) (stage.Message, int, int, error) {
	if w := g.first; w != nil {
		g.first = nil
		return w.m, w.pid, w.fd, w.err
	}
	return g.sandbox.receive(limit)
}

// endTaker ends the process that takes the controls.
func (g *guest) endTaker() {
	_ = g.taker.Process.Kill()
	_ = g.taker.Wait()
}

// abandon closes what a guest that did not start holds.
func (g *guest) abandon() {
	if g.openings != nil {
		_ = g.openings.Close()
	}
	if g.keeper != nil {
		_ = g.keeper.Close()
	}
	_ = g.relay.finish(0)
	g.sandbox.abandon()
}

// hear waits for the keeper's report.
func (g *guest) hear() {
	defer close(g.over)
	buf := make([]byte, stage.MaxMessage)
	n, err := g.keeper.Read(buf)
	if err != nil || n == 0 {
		g.report.Error = "the process that keeps the sandbox was killed"
		return
	}
	if err := json.Unmarshal(buf[:n], &g.report); err != nil {
		g.report.Error = fmt.Sprintf("decode the keeper's report: %v", err)
	}
}

// begin lets the stage start to read, once the bundle is complete and the controls are
// taken.
func (g *guest) begin(l *launchable, order *stage.Order, signals <-chan os.Signal) error {
	err := l.complete()
	if err == nil {
		order.Expectation = l.bundle.Expectation
		if g.written, err = json.Marshal(order); err == nil {
			err = fillMemfd(g.order, "order", g.written)
		}
	}
	if taken := g.awaitControls(signals, err != nil); err == nil {
		err = taken
	}
	if err != nil {
		return err
	}
	return g.proceed()
}

// awaitControls waits for the process that takes the controls, which anybody of the
// program's user could stop.
func (g *guest) awaitControls(signals <-chan os.Signal, over bool) error {
	var waited error
	ended := make(chan struct{})
	go func() {
		waited = g.taker.Wait()
		close(ended)
	}()
	end := func(why error) error {
		_ = g.taker.Process.Kill()
		<-ended
		return why
	}
	if over {
		return end(nil)
	}
	select {
	case <-ended:
		if waited == nil {
			return nil
		}
		if m, _, _, e := g.sandbox.receive(handshakeLimit); e == nil && m.Kind == stage.Failure {
			return errors.New(m.Error)
		}
		return fmt.Errorf("take the controls: %w", waited)
	case sig := <-signals:
		return end(errBefore(sig))
	case <-time.After(handshakeLimit):
		return end(fmt.Errorf("the controls were not taken within %s", handshakeLimit))
	}
}

// told goes by what was written: others had the file before it was sealed.
func (g *guest) told() (stage.Digests, error) {
	return stage.DigestsOf(g.written, int(g.controls.Fd()))
}

// awaitExecve waits for the end of the control socket, which the sentry shuts down when
// the guest has no more use for it, or for a byte that says why execve failed.
func (g *guest) awaitExecve(int) (int, error) {
	answer := make([]byte, 1)
	if err := g.control.SetReadDeadline(time.Now().Add(executeLimit)); err != nil {
		return 0, err
	}
	n, err := g.control.Read(answer)
	if n == 1 {
		return executeCode(answer[0])
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, fmt.Errorf("the stage did not execute the program within %s", executeLimit)
	}
	// The socket also ends with a sandbox that fails.
	select {
	case <-g.over:
		if cause := g.report.failure(); cause != "" {
			return 0, errors.New(cause)
		}
	default:
	}
	return 0, nil
}

// signal passes a signal on to the program.
func (g *guest) signal(sig syscall.Signal) {
	if data, err := json.Marshal(keeperOrder{Signal: int(sig)}); err == nil {
		_, _ = g.keeper.Write(data)
	}
}

// mediate has nothing to do: no listener comes out of a wrapper.
func (g *guest) mediate(int) error {
	return errors.New("a listener from a sandbox with a network of its own")
}

// restricted has nothing to add: what the guest's kernel was given has not changed.
func (g *guest) restricted(*stage.Order) []stage.Check { return nil }

func (g *guest) onHost() (pid, pidfd int, ok bool) { return 0, -1, false }

func (g *guest) warnings() []string { return nil }

// kill ends everything in the namespaces at once.
func (g *guest) kill() { _ = unix.PidfdSendSignal(g.wrapper, unix.SIGKILL, nil, 0) }

func (g *guest) close() {
	_ = g.control.Close()
	select {
	case <-g.ended:
	case <-time.After(guardPatience):
		g.kill()
		<-g.ended
	}
	_ = g.keeper.Close()
	<-g.over
	_ = g.relay.finish(0)
	if g.gateway.close(); g.openings != nil {
		_ = g.openings.Close()
	}
	g.guard.release()
	_, _ = g.order.Close(), g.controls.Close()
	_ = unix.Close(g.wrapper)
}

// refuse words what went wrong between the start of runsc and execve.
func (g *guest) refuse(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	r = refuse("%v", err)
	if !errors.Is(err, errSilent) {
		return r
	}
	r.Message = "runsc ended before the sandbox could be proven"
	r.Expected = "a report from inside the sandbox"
	select {
	case <-g.over:
		r.Found = fmt.Sprintf("runsc ended with exit code %d", g.report.Code)
		if g.report.Error != "" {
			r.Found = g.report.Error
		}
		r.Tool, r.Wrapper = "runsc", strings.Join(g.report.Log, "\n")
		if g.report.Panic != "" {
			r.Wrapper = strings.TrimSpace(r.Wrapper + "\n" + g.report.Panic)
		}
	case <-time.After(guardPatience):
		r.Found = "runsc still running"
	}
	return r
}

// failure is why the sandbox and not the program ended, or "".
func (r keeperReport) failure() string {
	switch {
	case r.Error != "":
		return r.Error
	case r.Panic != "":
		return "the sentry panicked: " + r.Panic
	case r.Died:
		return "runsc, the sentry or the gofer was killed"
	case len(r.Log) > 0:
		return "runsc failed: " + r.Log[len(r.Log)-1]
	}
	return ""
}
