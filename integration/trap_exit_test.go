//go:build linux

package integration

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTrapExitCodeIsForged: firejail's exit code is that of the last process in the
// sandbox, which an orphan can be, unless deterministic-exit-code says otherwise
// (sandbox.c, monitor_application).
func TestTrapExitCodeIsForged(t *testing.T) {
	const script = "(sleep 0.3; exit 9) & exit 3"
	finish(t, standaloneWorld{}.command(naive(t, "net none"), "/usr/bin/sh", "-c", script)).must(t, 9)
	finish(t, standaloneWorld{}.command(naive(t, "deterministic-exit-code"), "/usr/bin/sh", "-c", script)).must(t, 3)
	finish(t, confined(writePolicy(t, "", ""), "/usr/bin/sh", "-c", script)).must(t, 3)
	finish(t, standaloneWorld{}.command(standalonePolicy{}.profile(t), "/usr/bin/sh", "-c", script)).must(t, 3)
}

// TestTrapExitCodeOfFirejailItself: an error of firejail, a missing program, a timeout
// and a program's own failure are all exit code 1. confine has a code for each.
func TestTrapExitCodeOfFirejailItself(t *testing.T) {
	for name, o := range map[string]outcome{
		"a mistake in the profile": finish(t, standaloneWorld{}.command(naive(t, "nosuchdirective"), "/usr/bin/true")),
		"a missing program":        finish(t, standaloneWorld{}.command(naive(t, "net none"), "/usr/bin/confine-none")),
		"a timeout":                finish(t, standaloneWorld{}.command(naive(t, "timeout 00:00:01"), "/usr/bin/sleep", "10")),
		"the program's own":        finish(t, standaloneWorld{}.command(naive(t, "net none"), "/usr/bin/false")),
	} {
		if o.code != 1 {
			t.Errorf("%s: exit code %d, expected 1: the trap is gone", name, o.code)
		}
	}
	policy := writePolicy(t, "", "wall_time = \"1s\"\n")
	finish(t, confined(policy, "/usr/bin/confine-none")).must(t, 127)
	finish(t, confined(policy, "/usr/bin/sleep", "10")).must(t, 124)
	finish(t, confined(policy, "/usr/bin/false")).must(t, 1)
	finish(t, confined(writePolicy(t, "read = [\"/usr/share\"]\nnosuch = 1", ""), "/usr/bin/true")).must(t, 125)
}

// TestTrapExitCodeAfterSignal: firejail answers a signal with its own exit code and
// loses the program's. confine passes both on (TestSignalsReachTheProgram).
func TestTrapExitCodeAfterSignal(t *testing.T) {
	const script = "trap 'exit 42' TERM; echo ready; while :; do sleep 0.01; done"
	cmd := standaloneWorld{}.command(naive(t, "net none"), "/usr/bin/sh", "-c", script)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer stuck.Stop()
	ready := make([]byte, len("ready"))
	if _, err := out.Read(ready); err != nil || !strings.HasPrefix("ready", string(ready)) {
		t.Fatalf("%q, %v", ready, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("exit code %d, expected 143: the trap is gone", code)
	}
}
