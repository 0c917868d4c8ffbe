//go:build linux

package runner

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sleeper is a process that does not end by itself, and its pidfd.
func sleeper(t *testing.T) (cmd *exec.Cmd, pidfd int) {
	t.Helper()
	cmd = exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{PidFD: &pidfd}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = unix.Close(pidfd)
	})
	return cmd, pidfd
}

func TestAwaitExit(t *testing.T) {
	cmd, pidfd := sleeper(t)
	const patience = 50 * time.Millisecond
	started := time.Now()
	if awaitExit(pidfd, patience) {
		t.Error("a living process has ended")
	}
	if took := time.Since(started); took < patience {
		t.Errorf("waited %s, want at least %s", took, patience)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if !awaitExit(pidfd, 10*time.Second) {
		t.Error("a dead process has not ended")
	}
	if awaitExit(-1, patience) {
		t.Error("no process has ended")
	}
}

// Whatever way a runner dies, its end of the socket closes.
func TestGuardKillsWhenTheRunnerDies(t *testing.T) {
	_, pidfd := sleeper(t)
	g, err := startGuard()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.watch(guardWrapper, pidfd); err != nil {
		t.Fatal(err)
	}
	_ = g.conn.Close()
	if !awaitExit(pidfd, 10*time.Second) {
		t.Error("the process lives on")
	}
	<-g.died
}

func TestGuardReleasedKillsNothing(t *testing.T) {
	_, pidfd := sleeper(t)
	g, err := startGuard()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.watch(guardWrapper, pidfd); err != nil {
		t.Fatal(err)
	}
	g.release()
	if awaitExit(pidfd, 200*time.Millisecond) {
		t.Error("the process was killed")
	}
}
