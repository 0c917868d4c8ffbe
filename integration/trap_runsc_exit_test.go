//go:build linux

package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// runningGuest is a guest that has said that it is ready.
type runningGuest struct {
	*exec.Cmd
	out    *bufio.Reader
	stderr *bytes.Buffer
}

// start runs a guest whose first line must be "ready".
func (b *runscBundle) start(t *testing.T) runningGuest {
	t.Helper()
	return b.startWith(t)
}

// startWith adds variables to the environment of runsc.
func (b *runscBundle) startWith(t *testing.T, environment ...string) runningGuest {
	t.Helper()
	g := runningGuest{b.command(t), nil, new(bytes.Buffer)}
	g.Env = append(g.Env, environment...)
	g.Stderr = g.stderr
	out, err := g.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	g.out = bufio.NewReader(out)
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(patience, func() { _ = g.Process.Kill() })
	t.Cleanup(func() {
		stuck.Stop()
		_ = g.Process.Kill()
		_ = g.Wait()
	})
	if line, err := g.out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v\n%s%s", line, err, g.stderr, b.logged(t, "error"))
	}
	return g
}

// end waits for the guest and gives the exit code of runsc and what was written since.
func (g runningGuest) end(t *testing.T) outcome {
	t.Helper()
	rest, err := io.ReadAll(g.out)
	if err != nil {
		t.Fatal(err)
	}
	_ = g.Wait()
	code := g.ProcessState.ExitCode()
	if status := g.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return outcome{code, string(rest), g.stderr.String()}
}

// sentry is the process of the sandbox.
func (b *runscBundle) sentry(t *testing.T) int {
	t.Helper()
	var state struct{ Pid int }
	if err := json.Unmarshal([]byte(finish(t, b.runsc("state", b.id)).must(t, 0).stdout), &state); err != nil {
		t.Fatal(err)
	}
	if state.Pid <= 1 {
		t.Fatalf("the sandbox is process %d", state.Pid)
	}
	return state.Pid
}

// TestTrapRunscSignalIsNotForwarded: a signal to "runsc run" ends runsc, and the sandbox
// with it, and the guest sees nothing of it (runsc/container/container.go). "runsc kill"
// reaches the guest.
func TestTrapRunscSignalIsNotForwarded(t *testing.T) {
	const script = "trap 'echo stopping; exit 42' TERM INT HUP; echo ready; while :; do sleep 0.01; done"
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		b := newRunscBundle(t).sh(script)
		g := b.start(t)
		sandbox := b.sentry(t)
		if err := g.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		o := g.end(t)
		runscTrap(t, o.stdout, "", "forwards "+sig.String(), "runsc/container/container.go")
		runscTrap(t, o.code, 128+int(sig), "forwards "+sig.String(), "runsc/container/container.go")
		until(t, func() bool {
			parents, _ := processes(t)
			_, alive := parents[sandbox]
			return !alive
		})
	}
	b := newRunscBundle(t).sh(script)
	g := b.start(t)
	finish(t, b.runsc("kill", b.id, "TERM")).must(t, 0)
	o := g.end(t)
	runscControl(t, o.stdout, "stopping\n", "runsc kill")
	runscControl(t, o.code, 42, "runsc kill")
}

// TestTrapRunscExitCodes: 128 is a guest's own and a failure of runsc; 137 a guest that was
// killed and a sandbox that was; 2 a guest's own and a sentry that panicked
// (runsc/cli/cli.go). Logs tell them apart: --log, --final-metrics-log, which a sentry
// writes when it ends by itself, and --panic-log.
func TestTrapRunscExitCodes(t *testing.T) {
	const source = "runsc/cli/cli.go"
	t.Run("128", func(t *testing.T) {
		failed := newRunscBundle(t, "/usr/bin/confine-none")
		runscTrap(t, failed.run(t).code, 128, "has a code of its own for a failed start", source)
		reason := failed.logged(t, "error")
		runscControl(t, strings.Contains(reason, "no such file"), true, "a program that is missing, in the log: "+reason)
		own := newRunscBundle(t).sh("exit 128")
		own.run(t).must(t, 128)
		runscControl(t, own.logged(t, "error"), "", "the log after a guest's own 128")
	})
	t.Run("137", func(t *testing.T) {
		killed := newRunscBundle(t).sh("echo ready; sleep 60")
		killed.flags = append(killed.flags, "--final-metrics-log="+killed.at("metrics"))
		g := killed.start(t)
		if err := unix.Kill(killed.sentry(t), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		runscTrap(t, g.end(t).code, 137, "has a code of its own for a killed sandbox", source)
		runscTrap(t, killed.logged(t, "error")+killed.panicked(t), "", "logs that a sandbox was killed", source)
		runscControl(t, readText(t, killed.at("metrics")), "", "the metrics of a killed sandbox")
		own := newRunscBundle(t).sh("kill -KILL $$")
		own.flags = append(own.flags, "--final-metrics-log="+own.at("metrics"))
		own.run(t).must(t, 137)
		runscControl(t, own.logged(t, "error")+own.panicked(t), "", "the logs after a guest's own 137")
		runscControl(t, readText(t, own.at("metrics")) != "", true, "metrics after a guest's own 137")
	})
	t.Run("2", func(t *testing.T) {
		panicked := newRunscBundle(t).sh("echo ready; sleep 60")
		panicked.flags = append(panicked.flags, fmt.Sprintf("--panic-signal=%d", unix.SIGUSR2))
		g := panicked.start(t)
		if err := unix.Kill(panicked.sentry(t), unix.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		o := g.end(t)
		runscTrap(t, o.code, 2, "has a code of its own for a sentry that panics", source)
		runscTrap(t, o.stderr+panicked.logged(t, "error"), "", "says that a sentry panicked", source)
		runscControl(t, strings.HasPrefix(panicked.panicked(t), "panic: "), true, "the panic log of a sentry that panicked")
		own := newRunscBundle(t).sh("exit 2")
		own.run(t).must(t, 2)
		runscControl(t, own.panicked(t), "", "the panic log after a guest's own 2")
	})
}
