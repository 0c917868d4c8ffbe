//go:build linux

package integration

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The files trap_*_test.go hold one test for each way in which firejail 0.9.72 does
// something else than a profile says. A test shows the trap with a profile as people
// write it, and then that a policy which means the same is enforced or refused. Where
// the first half fails, firejail has changed, and the compiler may have to.

// naive writes a profile as people do.
func naive(t *testing.T, lines ...string) string {
	t.Helper()
	return file(t, filepath.Join(tree(t), "naive.profile"), strings.Join(lines, "\n")+"\n", 0o644)
}

// launch runs a command of root's in the world.
func (w standaloneWorld) launch(cmd *exec.Cmd) *exec.Cmd {
	wrapped := w.command("", cmd.Args...)
	script := wrapped.Args[2]
	wrapped.Args[2] = script[:strings.LastIndex(script, "exec setpriv")] + `exec "$@"`
	wrapped.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return wrapped
}

// trapped runs the probe in a naive sandbox that must not do what it says.
func trapped(t *testing.T, w standaloneWorld, profile string, want map[string]string) {
	t.Helper()
	var accesses []string
	for access := range want {
		accesses = append(accesses, access)
	}
	got := w.probe(t, profile, accesses...)
	for access, expected := range want {
		if got[access] != expected {
			t.Errorf("%s: %s in the naive sandbox, expected %s: the trap is gone", access, got[access], expected)
		}
	}
}

// held runs the probe as confine does and compares its answers; outside all must be ok.
func held(t *testing.T, w standaloneWorld, policy string, want map[string]string) {
	t.Helper()
	var accesses []string
	for access := range want {
		accesses = append(accesses, access)
	}
	outside := w.probe(t, "", accesses...)
	inside := answers(t, finish(t, w.launch(confined(policy, append([]string{probe}, accesses...)...))).must(t, 0).stdout)
	for access, expected := range want {
		if outside[access] != "ok" {
			t.Errorf("control: %s: %s outside, expected ok", access, outside[access])
		}
		if inside[access] != expected {
			t.Errorf("%s: %s under confine, expected %s", access, inside[access], expected)
		}
	}
}
