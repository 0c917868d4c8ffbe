//go:build linux

package integration

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestNativeExitCodes: the program's code is confine's, and what confine ends or cannot start
// has codes of its own.
func TestNativeExitCodes(t *testing.T) {
	policy, timed := signedForNative(t, "", ""), accessPolicy(t, nil, nil, "", "wall_time = \"1s\"\n")
	shell := func(script string) []string { return []string{"/usr/bin/sh", "-c", script} }
	for _, l := range everyNative {
		for name, tc := range map[string]struct {
			policy  string
			program []string
			code    int
		}{
			"success":                       {policy, shell("exit 0"), 0},
			"a code of its own":             {policy, shell("exit 7"), 7},
			"a signal":                      {policy, shell("kill -USR1 $$"), 128 + int(syscall.SIGUSR1)},
			"killed":                        {policy, shell("kill -9 $$"), 137},
			"wall time":                     {timed, shell("sleep 60"), 124},
			"wall time, whatever it traps":  {timed, shell("trap '' TERM; (trap '' TERM; sleep 60) & sleep 60; sleep 60"), 124},
			"no such program":               {policy, []string{"/usr/bin/confine-no-such-program"}, 127},
			"a directory":                   {policy, []string{"/usr/bin"}, 126},
			"a process that stays":          {policy, shell("(setsid sleep 300 &); exit 3"), 3},
			"a process that keeps the pipe": {policy, shell("sleep 300 & echo done; exit 4"), 4},
		} {
			t.Run(l.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				finish(t, l.cmd(tc.policy, tc.program...)).must(t, tc.code)
			})
		}
	}
}

// TestNativeSignals: a signal for confine is one for the program.
func TestNativeSignals(t *testing.T) {
	policy := signedForNative(t, "", "")
	for _, l := range everyNative {
		for name, sig := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1} {
			t.Run(l.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := start(t, l.cmd, policy, fmt.Sprintf("trap 'echo got; exit 9' %s; echo armed; while :; do sleep 0.05; done", name))
				if line := s.line(t); line != "armed" {
					t.Fatalf("%q", line)
				}
				if err := s.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				if line := s.line(t); line != "got" {
					t.Errorf("%q", line)
				}
				_ = s.Wait()
				if code := s.ProcessState.ExitCode(); code != 9 {
					t.Errorf("exit code %d", code)
				}
			})
		}
	}
}

// TestNativeStopped: another process of the program's user can stop the warden, and the wall
// time ends the program all the same.
func TestNativeStopped(t *testing.T) {
	policy := accessPolicy(t, nil, nil, "", "wall_time = \"2s\"\n")
	for _, l := range everyNative {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, l.cmd, policy, "trap '' TERM; while :; do sleep 0.1; done")
			family := s.family(t)
			var wardens []string
			for pid, name := range family {
				if strings.Contains(name, "__warden") {
					wardens = append(wardens, strconv.Itoa(pid))
				}
			}
			if len(wardens) != 1 {
				t.Fatalf("wardens %q among %v", wardens, family)
			}
			finish(t, asConnector(exec.Command("/usr/bin/kill", "-STOP", wardens[0]))).must(t, 0)
			_ = s.Wait()
			if code := s.ProcessState.ExitCode(); code != 124 {
				t.Errorf("exit code %d", code)
			}
			gone(t, family, patience)
		})
	}
}

// TestNativeGroups: an ordinary caller's groups stay, as its user does; a root caller's do
// not.
func TestNativeGroups(t *testing.T) {
	policy := signedForNative(t, "proc = \"self\"", "")
	groups := func(cmd *exec.Cmd) string {
		t.Helper()
		return strings.TrimSpace(strings.TrimPrefix(finish(t, cmd).must(t, 0).stdout, "Groups:"))
	}
	program := []string{"/usr/bin/grep", "^Groups:", "/proc/self/status"}
	const group = "24" // cdrom, of Debian
	byUser := append([]string{
		"--reuid", connectorUser, "--regid", connectorUser, "--groups", group,
	}, native(policy, program...).Args...)
	byUser = strings.Split(strings.Replace(strings.Join(byUser, "\x00"), "--user\x00"+connectorUser+"\x00", "", 1), "\x00")
	if got := groups(exec.Command("/usr/bin/setpriv", byUser...)); got != group {
		t.Errorf("an ordinary caller's program has the groups %q", got)
	}
	byRoot := append([]string{"--groups", group}, native(policy, program...).Args...)
	if got := groups(exec.Command("/usr/bin/setpriv", byRoot...)); got != "" {
		t.Errorf("a root caller's program has the groups %q", got)
	}
}
